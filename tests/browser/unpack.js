// Unpacks the Chromium of the npm package into $TMPDIR once, so that no test does so while another one starts it
import chromium from "@sparticuz/chromium";

await chromium.executablePath();
