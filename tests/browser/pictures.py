"""`make pictures`: draws the README's pictures from real runs: how a run ends in the terminal, its page, and the console.

The first run takes made-up data with faults. The second one, which the pictures show, takes a folder of captured data if one is
named, or the captured sample beside the checkout; without either, the pictures show the first.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from playwright.sync_api import Browser
from rich.console import Console as Terminal
from rich.terminal_theme import MONOKAI
from rich.text import Text

from faker_tool.faults import Faults
from faker_tool.generate import generate
from local_cloud.endpoint import serving
from local_cloud.state import StateFolder
from operations.console import Console
from stacks import ROOT
from tests.browser.browser import opened, started

PICTURES = ROOT / "docs" / "pictures"
SAMPLE = ROOT.parent / "shared" / "data" / "seed_sample"
SAMPLE_WINDOW = ("2020-02-19", "2020-02-20")  # the days on which the sample was captured
MADE_UP = 3_000_000
FAULTS = Faults({"late": 0.02, "bad_type": 0.01, "missing_required": 0.01})

_PIPELINE = Path(sys.executable).with_name("pipeline")
_COLUMNS = 100
_WIDTH = 1200

# Rich's own format names a font of another host
_SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="The end of make run">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def draw(data: Path | None, window: Sequence[str]) -> None:
    """Run the pipeline and write the pictures; `window` is the first day and the day after the last, or empty for the default."""
    if data is None and SAMPLE.exists():
        data, window = SAMPLE, SAMPLE_WINDOW
    if data is None:
        sys.stderr.write(f"{SAMPLE} is not there: the pictures show made-up data; DATA=folder shows yours\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_from(folder, _runs(folder, data, window))


def draw_from(folder: Path, printed: str) -> None:
    """Write the pictures of the newest run of a folder's state, which printed `printed`."""
    PICTURES.mkdir(exist_ok=True)
    _draw_terminal(printed, PICTURES / "terminal.svg")
    *_, page = sorted((folder / ".state" / "buckets").glob("*-reports-*/run=*/index.html"))
    with started() as browser:
        _draw_page(browser, page.as_uri(), PICTURES / "run-page.png", height=760)
        with _console(folder) as address:
            _draw_page(browser, address, PICTURES / "console.png", height=420)


def _runs(folder: Path, data: Path | None, window: Sequence[str]) -> str:
    """What the last run prints. The made-up data, from before the window, gives the console a trend and the checks a run before."""
    until = datetime.fromisoformat(window[0]).replace(tzinfo=UTC) if data and window else None
    generate(folder / "made-up", size=MADE_UP, faults=FAULTS, until=until)
    printed = _run(folder, "made-up", () if data else window)
    if not data:
        return printed
    (folder / "captured").symlink_to(data)
    return _run(folder, "captured", window)


def _run(folder: Path, source: str, window: Sequence[str] = ()) -> str:
    """What `pipeline run` prints; it runs in `folder`, so that no path of this machine is in a picture."""
    options = [
        text for each in zip(("--window-start", "--window-end"), window, strict=False) for text in each
    ]
    done = subprocess.run(
        [_PIPELINE, "run", *options, source],
        cwd=folder,
        env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(_COLUMNS)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def _draw_terminal(printed: str, picture: Path) -> None:
    """The accounting and what follows it."""
    lines = printed.splitlines()
    first = max(number for number, line in enumerate(lines) if "rows: read" in line)
    terminal = Terminal(record=True, width=_COLUMNS, file=StringIO(), force_terminal=True)
    terminal.print(Text.from_ansi("\n".join(lines[first:])))
    terminal.save_svg(str(picture), title="make run", theme=MONOKAI, code_format=_SVG, unique_id="terminal")


def _draw_page(browser: Browser, address: str, picture: Path, *, height: int) -> None:
    """The first screen of a page. A window of fixed size: the whole of a long page is too much for a busy machine."""
    with opened(browser, address, width=_WIDTH) as shown:
        shown.page.set_viewport_size({"width": _WIDTH, "height": height})
        shown.page.screenshot(path=picture)


@contextmanager
def _console(folder: Path) -> Iterator[str]:
    """The address of the console of the run's folder, on free ports, without its token."""
    state = StateFolder(folder / ".state")
    with serving(state, "pictures"), closing(Console(state, 0).start()) as pages:
        yield pages.address.partition("#")[0]


def main(data: str, start: str, end: str) -> None:
    """Draw the pictures; an empty text stands for what is not given."""
    if bool(start) != bool(end):
        sys.exit(
            "found one of WINDOW_START and WINDOW_END, expected both or neither; give the other one, too"
        )
    draw(Path(data).resolve() if data else None, [start, end] if start and end else [])


if __name__ == "__main__":
    main(*sys.argv[1:])
