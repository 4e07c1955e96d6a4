"use strict";
// Elements, and how values are written. Text from data becomes text nodes only.

const run = JSON.parse(document.getElementById("document").textContent);
// A run that ended well has handled each failure of a state
const FAILURE = run.outcome === "failed" || run.outcome === "running" ? {paint: "var(--bad)", level: "bad", told: "failed"} : {paint: "var(--warn)", level: "warn", told: "failed, and the run handled it"};

const SVG = "http://www.w3.org/2000/svg";

// element("td", {class: "number"}, child, ...): a child is a node, a text or nothing
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// Names, titles and keys of any script and direction
const data = (text) => element("bdi", {dir: "auto"}, String(text));
const code = (text) => element("code", {}, String(text));
const grey = (...text) => element("span", {class: "grey"}, ...text);
const empty = (...text) => element("p", {class: "empty"}, ...text);

const UNKNOWN = "not known";

const count = d3.format(",");
const measured = d3.format(",~r"); // six digits are enough for a measure, not for a count or an id
const plain = (number) => (Number.isInteger(number) ? count(number) : measured(number));

function bytes(value) {
  if (value === null) return UNKNOWN;
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]])
    if (value >= size) return `${d3.format(",.1f")(value / size)} ${unit}`;
  return `${count(value)} B`;
}

function duration(seconds) {
  if (seconds === null) return UNKNOWN;
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${d3.format(seconds < 10 ? ".2f" : ".1f")(seconds)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts[0] ? `${parts[0]} h ${parts[1]} min` : `${parts[1]} min ${parts[2]} s`;
}

const dollars = (usd) => (usd === null ? UNKNOWN : usd > 0 && usd < 0.01 ? d3.format(".2~g")(usd) : d3.format(",.2f")(usd));
const share = (part, whole) => (whole ? d3.format(".1%")(part / whole) : "");
const moment = (iso) => (iso === null ? UNKNOWN : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`);
const midnight = (iso) => moment(iso).replace(/ 00:00:00$/, ""); // the days of a window
const value = (any) =>
  any === null ? "–" : typeof any === "number" ? plain(any) : typeof any === "string" ? any : JSON.stringify(any);
const noun = (number, word) => (number === 1 ? word : `${word}s`);
const plural = (number, word) => `${count(number)} ${noun(number, word)}`;

// The value of the document at a path; the element names the path, so that a reader and a test can tell where it is from
function told(path, write = count) {
  const found = path.split("/").reduce((inner, key) => inner[key], run);
  const known = found !== null && found !== undefined;
  return element("span", {class: "number", "data-path": path}, known ? write(found) : UNKNOWN);
}

// The rows that the run read itself, and those of earlier runs that it made up for
const OWN = run.datasets.filter((row) => row.run_id === run.run_id);
const MADE_UP = run.datasets.filter((row) => row.run_id !== run.run_id);

// The sum of one count over the run's own rows
function summed(key) {
  return element("span", {class: "number", "data-sum": `datasets/${key}`}, count(d3.sum(OWN, (row) => row[key])));
}

function table(columns, rows, {caption = null, rowClass = () => null} = {}) {
  const head = columns.map((column) =>
    element("th", {scope: "col", class: column.number ? "number" : null, title: column.title ?? null}, column.name));
  const body = rows.map((row, index) =>
    element("tr", {class: rowClass(row)}, columns.map((column) =>
      element("td", {class: column.number ? "number" : "text", "data-name": column.name}, column.of(row, index)))));
  return element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${caption}`},
    element("table", {},
      caption && element("caption", {class: "hidden"}, caption),
      element("thead", {}, element("tr", {}, head)),
      element("tbody", {}, body)));
}

// What is folded is made when it is opened: a run may have hundreds of states. The browser tells later that
// something is open, so what is born open does not wait for that: it would be seen empty first.
function folded(summary, make, attributes = {}) {
  const details = element("details", attributes, element("summary", {}, summary));
  const fill = () => {
    if (details.open && details.childElementCount === 1) details.append(...[make()].flat().filter(Boolean));
  };
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

function link(href, ...text) {
  const leaves = /^https?:/.test(href);
  if (!leaves && !/^#[\w-]+$/.test(href)) return element("span", {}, ...text, " ", code(href));
  return element("a", leaves ? {href, rel: "noreferrer noopener", target: "_blank"} : {href},
    ...text, leaves ? ` (opens ${new URL(href).host})` : "");
}

function payload(title, payload) {
  if (!payload) return [element("h3", {}, title), empty("None.")];
  let text = payload.text;
  if (!payload.cut) try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON: as it is */ }
  return [
    element("h3", {}, title, payload.cut ? grey(" (its beginning)") : null),
    element("pre", {tabindex: "0"}, text, payload.cut ? "…" : ""),
  ];
}

// Outcomes and statuses: a word, a shape and only then a colour
const OUTCOMES = {
  succeeded: {word: "Succeeded", shape: d3.symbolCircle, kind: "good"},
  succeeded_with_rejects: {word: "Succeeded with rejects", shape: d3.symbolTriangle, kind: "warn"},
  failed: {word: "Failed", shape: d3.symbolTimes, kind: "bad"},
  skipped: {word: "Skipped", shape: d3.symbolDiamond2, kind: "grey"},
  nothing_to_do: {word: "Nothing to do", shape: d3.symbolSquare2, kind: "grey"},
  running: {word: "Running", shape: d3.symbolPlus, kind: "accent"},
};

function shape(kind, symbol, size = 18) {
  const filled = ![d3.symbolTimes, d3.symbolPlus, d3.symbolDiamond2, d3.symbolSquare2].includes(symbol);
  const svg = d3.create("svg").attr("width", size).attr("height", size).attr("viewBox", "-9 -9 18 18").attr("aria-hidden", "true");
  svg.append("path").attr("d", d3.symbol(symbol, filled ? 190 : 120)())
    .attr("fill", filled ? `var(--${kind})` : "none").attr("stroke", `var(--${kind})`).attr("stroke-width", filled ? 0 : 3);
  return svg.node();
}
