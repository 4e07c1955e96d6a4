"use strict";
// The charts, drawn by Observable Plot. Colours are the page's variables, so that dark, light and print need no other chart.

const charts = []; // {box, draw, width}: drawn when the page knows the width of their boxes, and again when the width changes

// A figure with a title, what the chart shows in words, and the same values as a table
function chart({title, says, draw, legend = null, rows = null}) {
  const box = element("div", {role: "img", "aria-label": says});
  charts.push({box, draw, width: 0});
  return element("figure", {}, title && element("figcaption", {}, title), legend, box, rows);
}

// A browser may know the width of what is folded, too
const seenWidth = (box) => (box.closest("details:not([open])") ? 0 : box.clientWidth);

function drawAll(widthOf = seenWidth) {
  for (const one of charts) {
    const wide = Math.floor(widthOf(one.box));
    if (wide <= 0 || wide === one.width) continue;
    one.width = wide;
    const svg = one.draw(wide);
    svg.setAttribute("aria-hidden", "true");
    one.box.replaceChildren(svg);
  }
}

// Plot names its marks ("bar", "text"), which tells a reader nothing: what a chart says is told by its box
function plot(options) {
  const svg = Plot.plot({style, ...options});
  for (const mark of svg.querySelectorAll("[aria-label], [aria-description]")) {
    mark.removeAttribute("aria-label");
    mark.removeAttribute("aria-description");
  }
  return svg;
}

const short = (tick) => d3.format(Math.abs(tick) < 1000 ? "~g" : "~s")(tick); // of an axis: 0, 200, 1.4k
const LETTER = 6.8; // width of a letter of the charts, about
const style = {fontFamily: "inherit", fontSize: "12px", fontVariantNumeric: "tabular-nums", unicodeBidi: "plaintext"};

function shorten(text, letters) {
  const all = [...String(text)];
  return all.length <= letters ? String(text) : `${all.slice(0, Math.max(1, letters - 1)).join("")}…`;
}

function leftFor(names, width) {
  return Math.min(d3.max(names, (name) => [...String(name)].length) * LETTER + 12, width * 0.42);
}

const legend = (entries) =>
  element("ul", {class: "legend"}, entries.map(([name, paint]) => {
    const svg = d3.create("svg").attr("width", 12).attr("height", 12).attr("aria-hidden", "true");
    const box = svg.append("rect").attr("x", 1).attr("y", 1).attr("width", 10).attr("height", 10);
    for (const [key, value] of Object.entries(paint)) box.attr(key, value);
    return element("li", {}, svg.node(), name);
  }));

// ---- where every row went: what was read, and under it its parts, each from where the part before it ends

const PARTS = [
  ["inserted", "var(--accent)"],
  ["updated", "var(--accent)"],
  ["stale", "var(--bar)"],
  ["duplicate", "var(--bar)"],
  ["quarantined", "var(--bad)"],
];
const PART_WORDS = {quarantined: "refused"};

function accounting(rows, nameOf) {
  return (width) => {
    const bars = [];
    for (const row of rows) {
      bars.push({id: `${nameOf(row)}\t`, name: nameOf(row), from: 0, to: row.read, rows: row.read, whole: true, fill: "var(--ink)"});
      let from = 0;
      for (const [part, fill] of PARTS) {
        const rowsOfPart = row[part];
        if (rowsOfPart || part === "quarantined") bars.push({id: `${nameOf(row)}\t${part}`, name: PART_WORDS[part] ?? part, from, to: from + rowsOfPart, rows: rowsOfPart, of: row.read, fill});
        from += rowsOfPart;
      }
      bars.push({id: `${nameOf(row)}\t-`, gap: true}); // room between two datasets
    }
    bars.pop();
    const shown = bars.filter((bar) => !bar.gap);
    const most = d3.max(shown, (bar) => bar.to) || 1;
    const left = 84, right = 14 * LETTER;
    const label = (bar) => (bar.whole ? count(bar.rows) : bar.rows ? `${count(bar.rows)} · ${share(bar.rows, bar.of)}` : "0");
    return plot({
      width, marginLeft: left, marginRight: right, marginTop: 6, marginBottom: 34, height: bars.length * 18 + 40,
      x: {label: "rows", domain: [0, most], ticks: width < 500 ? 3 : 6, tickFormat: short},
      y: {axis: null, domain: bars.map((bar) => bar.id), padding: 0.25},
      marks: [
        Plot.gridX({stroke: "var(--line)", strokeOpacity: 1, ticks: width < 500 ? 3 : 6}),
        Plot.barX(shown, {y: "id", x1: "from", x2: "to", fill: "fill"}),
        Plot.text(shown, {y: "id", x: 0, dx: -8, textAnchor: "end", text: "name", fill: (bar) => (bar.whole ? "var(--ink)" : "var(--grey)"), fontWeight: (bar) => (bar.whole ? 600 : 400)}),
        Plot.text(shown, {y: "id", x: "to", dx: 6, textAnchor: "start", text: label, fill: (bar) => (bar.rows ? (bar.fill === "var(--bad)" ? "var(--bad)" : "var(--ink)") : "var(--grey)")}),
      ],
    });
  };
}

// ---- where the time went: a line for each visit of a state; its tries one after the other, its waits apart

function gantt(visits, start, until) {
  const at = (iso) => (Date.parse(iso) - start) / 1000;
  const lines = visits.map((visit, index) => ({...visit, id: String(index), from: at(visit.entered), to: visit.ended ? at(visit.ended) : until,
    label: visit.branch ? `↳ ${visit.name}` : visit.name}));
  const tries = lines.flatMap((line) => line.tries.map((one, number) => ({line, number, of: line.tries.length, from: at(one.from),
    to: one.to ? at(one.to) : line.to, error: one.error, cause: one.cause})));
  const waits = lines.flatMap((line) => line.waits.map((wait) => ({line, from: at(wait.from), to: at(wait.to), why: wait.why})));
  const paint = (visit) => (visit.status === "failed" ? FAILURE.paint : PAINTS[visit.status]);
  const open = (line) => (line.ended ? duration(line.seconds) : "so far " + duration(line.to - line.from));
  return (width) => {
    const left = leftFor(lines.map((line) => line.label), width) + 8;
    const letters = Math.floor((left - 20) / LETTER);
    const late = (line) => line.to > until * 0.6; // the text then stands before the bar
    const text = (line) => (line.tries.length > 1 ? `${open(line)} · ${line.tries.length} ${width < 500 ? "×" : "tries"}` : open(line));
    const right = d3.max(lines, (line) => (line.to > until * 0.6 && line.from >= until * 0.3 ? 0 : text(line).length - (1 - line.to / until) * 20)) * LETTER + 12;
    const least = (until / Math.max(60, width - left - right)) * 2; // two pixels: a short state can be seen
    return plot({
      width, marginLeft: left, marginRight: right, marginTop: 6, marginBottom: 34, height: lines.length * 19 + 40,
      x: {label: "seconds since the start", domain: [0, until], ticks: width < 500 ? 4 : 8},
      y: {axis: null, domain: lines.map((line) => line.id), padding: 0.25},
      marks: [
        Plot.gridX({stroke: "var(--line)", strokeOpacity: 1, ticks: width < 500 ? 4 : 8}),
        Plot.ruleY(lines, {y: "id", x1: "from", x2: "to", stroke: "var(--bar)"}),
        Plot.barX(lines.filter((line) => !line.tries.length), {y: "id", x1: "from", x2: (line) => Math.max(line.to, line.from + least), fill: paint}),
        Plot.barX(tries, {y: (one) => one.line.id, x1: "from", x2: (one) => Math.max(one.to, one.from + least), fill: (one) => (one.error ? FAILURE.paint : paint(one.line)),
          stroke: "var(--paper)", strokeWidth: (one) => (one.of > 1 ? 1 : 0), title: (one) => `${one.line.name}, try ${one.number + 1} of ${one.of}${one.error ? `: ${one.error}` : ""}`}),
        Plot.barX(waits, {y: (wait) => wait.line.id, x1: "from", x2: (wait) => Math.max(wait.to, wait.from + least), fill: "var(--paper)", stroke: "var(--bar)", strokeWidth: 1,
          title: (wait) => `${wait.line.name}, ${WAITS[wait.why] ?? wait.why}: ${duration(wait.to - wait.from)}`}),
        Plot.text(lines, {y: "id", x: 0, dx: -left + 2, frameAnchor: "left", textAnchor: "start", text: (line) => shorten(line.label, letters), title: "name",
          fill: (line) => (line.status === "failed" ? FAILURE.paint : "var(--ink)"), fontWeight: (line) => (line.status === "failed" ? 600 : 400)}),
        Plot.text(lines.filter((line) => !late(line) || line.from < until * 0.3), {y: "id", x: (line) => Math.max(line.to, line.from + least), dx: 5, textAnchor: "start", text, fill: "var(--grey)"}),
        Plot.text(lines.filter((line) => late(line) && line.from >= until * 0.3), {y: "id", x: "from", dx: -5, textAnchor: "end", text, fill: "var(--grey)"}),
      ],
    });
  };
}

const WAITS = {queue: "waited for a free place", retry: "waited before the next try", poll: "waited for the next look"};
const PAINTS = {succeeded: "var(--bar)", aborted: "var(--faint)", running: "var(--accent)"};

// ---- the history of a check: a word-sized line, and a dot for this run

function sparkline(past, now, tooMany) {
  const values = [...past.map((one) => one.violations), now];
  return plot({
    width: 110, height: 22, margin: 4, axis: null,
    x: {domain: [0, Math.max(1, values.length - 1)]},
    y: {domain: [0, d3.max(values) || 1]},
    marks: [
      Plot.lineY(values, {stroke: "var(--bar)", strokeWidth: 1.25}),
      Plot.dot([now], {x: values.length - 1, y: now, r: 2.5, fill: tooMany ? "var(--bad)" : "var(--ink)"}),
    ],
  });
}

// ---- the analytics: a chart by the kind of a table's columns

const isNumber = (column, rows) => rows.some((row) => typeof row[column] === "number") && rows.every((row) => row[column] === null || typeof row[column] === "number");
const isId = (column) => column.name.endsWith("_id"); // a text where a browser would round it
const isDay = (column, rows) => rows.every((row) => typeof row[column] === "string" && /^\d{4}-\d\d-\d\d/.test(row[column]));

// The label and the measure of a table, by the names and the kinds of its columns
function shapeOf({table, columns, rows}) {
  const all = d3.range(columns.length), measures = all.filter((index) => !isId(columns[index]));
  const numbers = measures.filter((index) => isNumber(index, rows));
  const texts = measures.filter((index) => rows.some((row) => typeof row[index] === "string") && rows.every((row) => row[index] === null || typeof row[index] === "string"));
  const find = (...patterns) => patterns.map((pattern) => numbers.find((index) => pattern.test(columns[index].name))).find((index) => index !== undefined);
  const reviews = find(/^review_count$/, /reviews?(_count)?$/);
  const id = all.find((index) => isId(columns[index]));
  const day = all.slice(0, 2).find((index) => isDay(index, rows));
  const stars = find(/^stars$/);
  if (day !== undefined && numbers.length) return {kind: "days", label: day, measure: reviews ?? numbers[0]};
  if (stars !== undefined && reviews !== undefined) return {kind: "stars", label: stars, measure: reviews};
  const label = texts.find((index) => /^(title|name|user_display_name|user_name)$/.test(columns[index].name)) ?? texts.find((index) => !isDay(index, rows)) ?? id;
  const flagged = find(/^(early|burst|unknown)_review_count$/);
  const rating = find(/^weighted_rating$/, /^average_review_rating$/);
  const measure = /wilson/.test(table) ? find(/^wilson_score$/) : /rising/.test(table) ? find(/^growth$/)
    : flagged ?? (/review_count|active|one_star/.test(table) ? reviews : rating ?? reviews);
  if (label === undefined || measure === undefined) return {kind: "none"};
  return {kind: "ranking", label, id, measure, reviews: reviews === measure ? undefined : reviews, rated: measure === rating};
}

// A record that the warehouse lacks has an id and no name
const named = (row, {label, id}) => (row[label] === null && id !== undefined ? `id ${row[id]}` : id === label ? `id ${row[id]}` : value(row[label]));

function days(rows, {label, measure}, name) {
  return (width) => plot({
    width, height: 150, marginLeft: 44, marginBottom: 34,
    x: {type: "utc", label: null, ticks: rows.length < 8 ? "day" : 6, tickFormat: "%-d %b"},
    y: {label: name, grid: true, nice: true, ticks: 4, tickFormat: short},
    marks: [
      Plot.rectY(rows, {x: (row) => new Date(row[label].slice(0, 10)), y: (row) => row[measure] ?? 0, interval: "day", fill: "var(--bar)", title: (row) => `${row[label]}: ${value(row[measure])}`}),
      Plot.ruleY([0], {stroke: "var(--line)"}),
    ],
  });
}

function bars(rows, found, name) {
  const {measure, reviews, rated, kind} = found;
  return (width) => {
    const shown = rows.slice(0, 10).map((row, index) => ({row, id: String(index), name: kind === "stars" ? (row[found.label] === 0 ? "not rated" : `${value(row[found.label])} ★`) : named(row, found)}));
    const left = leftFor(shown.map((one) => one.name), width);
    const letters = Math.floor((left - 10) / LETTER);
    const written = (number) => (rated && number !== null ? d3.format(".2f")(number) : value(number));
    const resting = (number) => (width < 420 ? value(number) : plural(number, "review"));
    const text = (one) => (reviews === undefined ? written(one.row[measure]) : `${written(one.row[measure])} · ${resting(one.row[reviews])}`);
    const right = d3.max(shown, (one) => text(one).length) * LETTER + 12;
    const known = shown.filter((one) => one.row[measure] !== null);
    const domain = rated ? [1, 5] : [Math.min(0, d3.min(known, (one) => one.row[measure]) ?? 0), d3.max(known, (one) => one.row[measure]) || 1];
    const y = {y: "id"};
    const ticks = rated ? [1, 2, 3, 4, 5] : known.every((one) => Number.isInteger(one.row[measure])) ? d3.ticks(...domain, 4).filter(Number.isInteger) : 4;
    return plot({
      width, marginLeft: left, marginRight: right, marginTop: 6, marginBottom: 34, height: shown.length * 19 + 40,
      x: {label: name, domain, ticks, tickFormat: rated ? "d" : domain[1] < 10 ? "~g" : short},
      y: {axis: null, domain: shown.map((one) => one.id), padding: 0.25},
      marks: [
        Plot.gridX({stroke: "var(--line)", strokeOpacity: 1, ticks}),
        rated // a rating has no zero: a place on a line, not a length
          ? [Plot.ruleY(shown, {...y, x1: domain[0], x2: domain[1], stroke: "var(--line)"}), Plot.dot(known, {...y, x: (one) => one.row[measure], r: 4, fill: "var(--ink)"})]
          : Plot.barX(known, {...y, x: (one) => one.row[measure], fill: "var(--bar)"}),
        Plot.text(shown, {...y, x: domain[0], dx: -8, textAnchor: "end", text: (one) => shorten(one.name, letters), title: "name", fill: "var(--ink)"}),
        Plot.text(shown, {...y, x: rated ? domain[1] : (one) => Math.max(domain[0], one.row[measure] ?? 0), dx: 8, textAnchor: "start", text, fill: "var(--ink)"}),
      ],
    });
  };
}

// ---- drawings that were laid out when the templates were made: the state machine, and the tables

const GRAPH_MARKS = {succeeded: "✓", failed: "✕", aborted: "–", running: "▸"};
const BOX = {x1: (node) => node.x - node.width / 2, x2: (node) => node.x + node.width / 2, y1: (node) => node.y - node.height / 2, y2: (node) => node.y + node.height / 2};

// The lines of a drawing, each with an arrow at its end, and the class of its place in graph.edges
function lines(graph, isGone) {
  const points = graph.edges.flatMap((edge, index) => edge.points.map(([x, y]) => ({x, y, index, gone: isGone(edge)})));
  const ends = graph.edges.filter((edge) => edge.points.length > 1).map((edge) => {
    const [from, to] = edge.points.slice(-2);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1; // the tip, not the middle, of an arrow touches the box
    return {x: to[0] - ((to[0] - from[0]) / length) * 3, y: to[1] - ((to[1] - from[1]) / length) * 3, angle: (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI + 90};
  });
  return [
    Plot.line(points, {x: "x", y: "y", z: "index", stroke: (point) => (point.gone ? "var(--grey)" : "var(--faint)"), strokeWidth: 1.25, curve: "basis", className: "line"}),
    Plot.dot(ends, {x: "x", y: "y", symbol: "triangle", r: 3, rotate: "angle", fill: "var(--grey)", className: "end"}),
  ];
}

const identity = (graph, marks) => plot({width: graph.width, height: graph.height, margin: 0, axis: null, x: {type: "identity"}, y: {type: "identity"}, marks});

function stateMachine(graph, statusOf, wasTaken, choose) {
  const nodes = graph.nodes.map((node) => ({...node, status: statusOf(node.name)}));
  const marked = (node) => `${GRAPH_MARKS[node.status] ? `${GRAPH_MARKS[node.status]} ` : ""}${node.name}`;
  const around = nodes.filter((node) => node.group), inner = nodes.filter((node) => !node.group);
  const svg = identity(graph, [
    Plot.rect(around, {...BOX, rx: 4, fill: "var(--quiet)", stroke: "var(--line)", className: "around"}),
    ...lines(graph, (edge) => wasTaken(edge.from, edge.to)),
    Plot.rect(inner, {...BOX, rx: 3, fill: (node) => (node.status === "failed" ? FAILURE.paint : "var(--paper)"),
      stroke: (node) => (node.status === "failed" ? FAILURE.paint : node.status === "running" ? "var(--accent)" : node.status ? "var(--ink)" : "var(--faint)"),
      strokeWidth: (node) => (node.status === "running" ? 3 : 1.25), strokeDasharray: null, className: "node"}),
    Plot.text(inner, {x: "x", y: "y", text: marked,
      fill: (node) => (node.status === "failed" ? "var(--paper)" : node.status ? "var(--ink)" : "var(--grey)"), pointerEvents: "none"}),
    Plot.text(around, {x: (node) => node.x - node.width / 2, y: (node) => node.y - node.height / 2 - 7, textAnchor: "start", text: (node) => marked(node), fill: (node) => (node.status === "failed" ? FAILURE.paint : "var(--grey)"), stroke: "var(--paper)", strokeWidth: 4, pointerEvents: "none"}),
  ]);
  const buttons = [...svg.querySelectorAll("g.around rect, g.node rect")];
  [...around, ...inner].forEach((node, index) => {
    const rect = buttons[index];
    const open = () => choose(node.name);
    rect.setAttribute("tabindex", "0");
    rect.setAttribute("role", "button");
    rect.setAttribute("aria-label", `${node.name}: ${node.status === "failed" ? FAILURE.told : node.status ?? "not entered"}`);
    rect.addEventListener("click", open);
    rect.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
    });
  });
  return svg;
}

// The tables and what they are made of. `light` shows some tables, and the lines between them, and greys the others
function tableGraph(graph, choose) {
  const svg = identity(graph, [
    ...lines(graph, () => true),
    Plot.rect(graph.nodes, {...BOX, rx: 3, fill: "var(--paper)", stroke: "var(--grey)", strokeWidth: 1.25, className: "node"}),
    Plot.text(graph.nodes, {x: "x", y: "y", text: (node) => node.name.replace(/^goodreads_/, ""), fill: "currentColor", className: "label", pointerEvents: "none"}),
  ]);
  const parts = (selector) => [...svg.querySelectorAll(selector)];
  const boxes = parts("g.node rect"), labels = parts("g.label text"), drawn = parts("g.line path"), ends = parts("g.end path");
  boxes.forEach((box, index) => box.addEventListener("click", () => choose(graph.nodes[index].name)));
  const light = (names, chosen) => {
    const dim = (part, isLit) => part.setAttribute("opacity", isLit ? 1 : 0.2);
    graph.nodes.forEach((node, index) => {
      dim(labels[index], names.has(node.name));
      dim(boxes[index], names.has(node.name));
      boxes[index].setAttribute("stroke-width", node.name === chosen ? 3 : 1.25);
      boxes[index].setAttribute("stroke", node.name === chosen ? "var(--accent)" : "var(--grey)");
    });
    graph.edges.forEach((edge, index) => [drawn[index], ends[index]].forEach((part) => dim(part, names.has(edge.from) && names.has(edge.to))));
  };
  return {svg, light};
}
