"use strict";
// The sections in the order of the page: a glance, a minute, an hour

function section(id, title, attributes, ...children) {
  return element("section", {id, "aria-labelledby": `${id}-title`, ...attributes}, element("h2", {id: `${id}-title`}, title), ...children);
}

const command = (text) => element("code", {}, text);

// A run on one machine has the account of AWS's examples: commands find it in the state folder
const here = run.execution_arn.split(":")[4] === "123456789012";
const pipeline = (words) => command(`.venv/bin/pipeline ${words}${run.deployment === "goodreads" ? "" : ` --name ${run.deployment}`}${here ? "" : " --aws"}`);
const HOUR = {class: "hour"};

// ---- a glance

const lastMoment = () => d3.max([run.started, run.ended, ...run.states.flatMap((state) => [state.entered, state.ended, ...state.tries.flatMap((one) => [one.from, one.to])])].filter(Boolean));

// Runs that did nothing on purpose: one sentence says why, in place of sections that would all say "nothing"
const IDLE = {
  skipped: "Another run was at work. That run, or the next one, takes what has landed; this one has changed nothing.",
  nothing_to_do: "No new file had landed, and no earlier run has left anything undone. The tables are as the last run left them.",
};

function header() {
  const outcome = OUTCOMES[run.outcome] ?? {word: run.outcome, shape: d3.symbolSquare2, kind: "grey"};
  document.title = `${outcome.word}: ${run.deployment} ${run.run_id}`;
  const took = run.ended ? [told("seconds", duration)] : [`so far ${duration((Date.parse(lastMoment()) - Date.parse(run.started)) / 1000)}, as told at ${moment(lastMoment())} UTC`];
  const counted = run.datasets.length ? [" · ", summed("read"), ` ${noun(d3.sum(OWN, (row) => row.read), "row")}`] : [];
  return element("header", {},
    element("h1", {}, shape(outcome.kind, outcome.shape), outcome.word),
    element("p", {}, data(run.deployment), " · ", told("started", moment), " UTC · ", ...took, ...counted),
    element("p", {class: "grey small"}, "run ", data(run.run_id), " · ", run.region,
      run.window && [" · reviews from ", midnight(run.window.start), " to ", midnight(run.window.end), run.window.past ? ", a past window" : ""]),
    run.failure && failure(run.failure),
    IDLE[run.outcome] && element("p", {class: "notes"}, IDLE[run.outcome]),
    run.notes.length ? element("ul", {class: "notes"}, run.notes.map((note) => element("li", {}, data(note)))) : null,
    keyNumbers());
}

function failure(failed) {
  const lines = [
    ["Why", data(failed.cause)],
    ["What is safe", data(failed.safe)],
    ["What to do", data(failed.to_do)],
    ["Read on", [failed.runbook && element("span", {}, "runbook: ", link(failed.runbook, /^https?:/.test(failed.runbook) ? failed.runbook : "")), failed.log && element("p", {}, "log: ", link(failed.log, /^https?:/.test(failed.log) ? "the state's log" : ""))]],
  ];
  return element("div", {class: "failure"},
    element("p", {}, element("strong", {}, failed.state ? [data(failed.state), " failed: "] : "Failed: ", data(failed.error))),
    element("dl", {}, lines.filter(([, text]) => text).map(([name, text]) => [element("dt", {}, name), element("dd", {}, text)])));
}

function keyNumbers() {
  const one = (name, ...values) => element("div", {}, element("dt", {}, name), element("dd", {}, ...values));
  const rows = run.datasets.length
    ? [["Read", "read"], ["Inserted", "inserted"], ["Updated", "updated"], ["Stale", "stale"], ["Duplicate", "duplicate"], ["Refused", "quarantined"]].map(([name, key]) => one(name, summed(key)))
    : [];
  const failed = run.checks.filter((check) => broken(check));
  const blocked = failed.filter((check) => check.severity === "block").length;
  const judged = () => failed.length ? element("span", {class: blocked ? "bad" : "warn"}, blocked ? `✕ ${plural(blocked, "rule")}` : `▲ ${plural(failed.length, "warning")}`) : "✓";
  const refused = run.permissions.refused.length;
  const goesOn = run.outcome === "running";
  const newest = newestDay();
  return element("dl", {class: "key"},
    ...rows,
    one("Files", told("files/total"), " ", element("small", {}, told("files/bytes", bytes))),
    one("Checks", run.checks.length ? [judged(), " ", element("small", {}, `of ${plural(run.checks.length, "rule")}`)] : goesOn ? "not yet" : "none ran"),
    newest && one("Newest review", told(newest, String)),
    one("Permissions", refused ? element("span", {class: "bad"}, `✕ ${count(refused)} refused`) : "✓"),
    one("Cost", run.cost.usd === null ? (goesOn ? "not yet" : UNKNOWN) : [told("cost/usd", dollars), " ", element("small", {}, "USD")]));
}

// Where the document has the last day of the window on which a review was captured
function newestDay() {
  const index = run.analytics.findIndex((one) => one.table === "reviews_per_day" && one.rows.length);
  if (index < 0) return null;
  const {columns, rows} = run.analytics[index];
  const place = columns.findIndex((_, number) => isDay(number, rows));
  return place < 0 ? null : `analytics/${index}/rows/${d3.maxIndex(rows, (row) => Date.parse(row[place]))}/${place}`;
}

function contents(sections) {
  return element("nav", {"aria-label": "Sections"}, element("ul", {}, sections.map((one) => element("li", {}, element("a", {href: `#${one.id}`}, one.querySelector("h2").textContent)))));
}

// ---- a minute

function rowsSection() {
  if (!run.datasets.length) return section("rows", "Where every row went", {}, empty(run.outcome === "running" ? "Not known yet: rows are counted when they are published." : "No row was published."));
  const nameOf = (row) => (MADE_UP.includes(row) ? `${row.dataset} of ${row.run_id}` : row.dataset);
  const number = (key, name) => ({name, number: true, of: (row) => {
    const index = run.datasets.indexOf(row);
    const written = told(`datasets/${index}/${key}`);
    return key === "quarantined" && row[key] && OWN.includes(row) ? element("a", {href: "#refused"}, written) : written;
  }});
  const says = (rows) => rows.map((row) => `${nameOf(row)}: ${count(row.read)} read, ${PARTS.map(([part]) => `${count(row[part])} ${PART_WORDS[part] ?? part}`).join(", ")}`).join("; ");
  const drawn = (rows, title) => chart({title, says: says(rows), draw: accounting(rows, (row) => row.dataset)});
  const earlier = [...d3.group(MADE_UP, (row) => row.run_id)];
  return section("rows", "Where every row went", {},
    OWN.length ? drawn(OWN, "Rows read, and under them their parts. Together the parts are what was read.") : empty("This run read no row itself."),
    earlier.length ? element("p", {}, `${earlier.length === 1 ? "An earlier run" : "Earlier runs"} published rows and left work undone, which this run made up for. Those rows are shown apart and are in no sum of this page.`) : null,
    earlier.map(([name, rows]) => drawn(rows, ["Rows of the earlier run ", data(name)])),
    element("details", {open: false}, element("summary", {}, "The same as a table"),
      table([{name: "dataset", of: (row) => data(nameOf(row))}, number("read", "read"), ...PARTS.map(([part]) => number(part, PART_WORDS[part] ?? part))], run.datasets, {caption: "Rows by dataset"})),
    element("p", {class: "small grey screen"}, "Stale: an older version of a record. Duplicate: the same version again. Refused: see ", element("a", {href: "#refused"}, "what was refused"), "."));
}

const isIteration = (state) => /\[\d+\]$/.test(state.branch ?? "") && state.status === "succeeded" && state.tries.length < 2;

function timeSection() {
  if (!run.states.length) return section("time", "Where the time went", {}, empty("No state was entered."));
  const start = Date.parse(run.started), until = Math.max(0.001, (Date.parse(run.ended ?? lastMoment()) - start) / 1000);
  const worth = (state) => state.type !== "Fail" && worthTelling(state);
  const worthTelling = (state) => state.status !== "succeeded" || state.tries.length > 1 || state.waits.some((wait) => wait.why === "retry") || (state.seconds ?? until) >= until / 100;
  // Of a map's iterations that went well, the longest three
  const longest = d3.rollup(run.states.filter((state) => isIteration(state)), (states) => d3.sort(states, (state) => -state.seconds).slice(0, 3), (state) => state.name);
  const stands = (state) => !isIteration(state) || longest.get(state.name).includes(state);
  const telling = run.states.filter((state) => worth(state) && stands(state));
  let shown = telling.length ? telling : run.states; // a run that waited between short states has no long one
  if (shown.length > 60) shown = d3.sort(shown, (state) => (state.status === "succeeded" ? -(state.seconds ?? 0) : -Infinity)).slice(0, 60).sort((a, b) => d3.ascending(a.entered, b.entered));
  const left = run.states.length - shown.length;
  const says = shown.map((state) => `${state.name} ${state.ended ? duration(state.seconds) : "still running"}${state.status === "failed" ? `, ${FAILURE.told}` : ""}${state.tries.length > 1 ? `, ${state.tries.length} tries` : ""}`).join("; ");
  const kinds = [["work", {fill: "var(--bar)"}], ["waiting", {fill: "var(--paper)", stroke: "var(--bar)"}]];
  if (shown.some((state) => state.status === "failed" || state.tries.some((one) => one.error))) kinds.push([FAILURE.told, {fill: FAILURE.paint}]);
  if (shown.some((state) => state.status === "running")) kinds.push(["running", {fill: "var(--accent)"}]);
  return section("time", "Where the time went", {},
    chart({
      title: `States${!left ? "" : !telling.length ? " that took longest" : " that took a hundredth of the time or more, failed, or were tried again"}; ↳ is a branch.`,
      legend: legend(kinds),
      says, draw: gantt(shown, start, until),
    }),
    left ? element("p", {class: "small grey screen"}, `${plural(left, "shorter state")} ${left === 1 ? "is" : "are"} in `, element("a", {href: "#events"}, "Events"), ".") : null,
    throughput());
}

function throughput() {
  const {bytes_per_second, rows_per_second, cpu_seconds} = run.throughput;
  const parts = [
    bytes_per_second !== null && [told("throughput/bytes_per_second", bytes), " a second"],
    rows_per_second !== null && [told("throughput/rows_per_second", plain), " rows a second"],
    cpu_seconds !== null && [told("throughput/cpu_seconds", duration), " of CPU"],
  ].filter(Boolean);
  return parts.length ? element("p", {class: "small grey"}, parts.flatMap((part, index) => (index ? [" · ", ...part] : part))) : null;
}

// What a reader asks first comes first; the others keep the document's order
const FIRST = ["popular_books_weighted_rating", "popular_authors_weighted_rating", "rising_books", "rising_authors", "rating_distribution", "reviews_per_day", "review_coverage"];
const rank = (one) => (FIRST.indexOf(one.table) + 1 || Infinity);

function analyticsSection() {
  const filled = d3.sort(run.analytics.filter((one) => one.rows.length), (a, b) => d3.ascending(rank(a), rank(b)));
  const reviews = covered();
  if (!filled.length || reviews?.count === 0) {
    const why = run.analytics.length
      ? ["No review is in the window", run.window ? ` from ${midnight(run.window.start)} to ${midnight(run.window.end)}` : "", ". The days that have reviews: ", pipeline('query "select min(record_create_timestamp), max(record_create_timestamp) from goodreads_warehouse.reviews"'),
        ". A run over them: ", here ? command("make run WINDOW_START=FIRST_DAY WINDOW_END=DAY_AFTER_THE_LAST DATA=FOLDER") : command('{"window_start": "FIRST DAY", "window_end": "DAY AFTER THE LAST"}'), here ? "" : " as the input of an execution", "."]
      : [run.outcome === "running" ? "Not yet: the analytics are the last step."
        : run.states.some((state) => state.name.endsWith("Analytics")) ? "What the tables hold was not read."
          : `The run ${run.outcome === "failed" ? "ended before its analytics" : "had no need of analytics"}. The tables are as an earlier run left them.`];
    return section("analytics", "What the data says", {}, empty(...why));
  }
  const bare = run.analytics.filter((one) => !one.rows.length);
  return section("analytics", "What the data says", {},
    reviews && element("p", {}, "All of it rests on ", element("strong", {}, told(reviews.path), ` ${noun(reviews.count, "review")}`),
      run.window && ` captured from ${midnight(run.window.start)} to ${midnight(run.window.end)}`, ".",
      run.window?.past ? [" This window was asked for: its tables are in ", command("goodreads_past"), ". The current ones, in ", command("goodreads_analytics"), ", were rebuilt too."] : ""),
    ...figures(filled),
    bare.length ? element("p", {class: "small grey"}, `No rows: ${bare.map((one) => one.title).join(", ")}.`,
      bare.some((one) => /^rising/.test(one.table)) ? " What rises is known when windows before this one hold reviews, too." : "",
      bare.some((one) => /^Flag/.test(one.title)) ? " A flag without rows has found nothing to look at." : "") : null);
}

// The tables that answer the first questions, and the others folded: what was refused is then on the second screen
function figures(filled) {
  const grid = (some) => element("div", {class: "grid"}, some.map(analyticsFigure));
  const first = filled.filter((one) => rank(one) < Infinity), others = filled.filter((one) => rank(one) === Infinity);
  if (!first.length || others.length < 3) return [grid(filled)];
  const more = element("details", {class: "more", ontoggle: () => drawAll()},
    element("summary", {}, `${plural(others.length, "more table")}: ${others.map((one) => one.title).join(", ")}`), grid(others));
  return [grid(first), more];
}

// How many reviews all charts rest on, and where the document has the number
function covered() {
  const index = run.analytics.findIndex((one) => one.table === "review_coverage" && one.rows.length);
  const place = index < 0 ? -1 : run.analytics[index].columns.findIndex((column) => column.name === "review_count");
  return place < 0 ? null : {path: `analytics/${index}/rows/0/${place}`, count: run.analytics[index].rows[0][place]};
}

// How many reviews of the window are of days that the document leaves out: it tells the newest days
function untold(one) {
  const place = one.columns.findIndex((column) => column.name === "review_count");
  const all = covered();
  return one.table === "reviews_per_day" && all ? Math.max(0, all.count - d3.sum(one.rows, (row) => row[place])) : 0;
}

function analyticsFigure(one) {
  const index = run.analytics.indexOf(one);
  const {columns, rows} = one;
  const found = shapeOf(one);
  const isTold = (place) => isId(columns[place]) || isNumber(place, rows);
  const all = () => table(columns.map((column, place) => ({
    name: column.name.replaceAll("_", " "), title: column.description, number: isTold(place),
    of: (row, line) => (isTold(place) ? told(`analytics/${index}/rows/${line}/${place}`, isId(column) ? String : value) : data(value(row[place]))),
  })), rows, {caption: one.title});
  if (found.kind === "none") return element("figure", {}, element("h3", {}, data(one.title)), all());
  const name = (place) => columns[place].name.replaceAll("_", " ");
  const says = rows.slice(0, 10).map((row) => `${found.kind === "days" ? row[found.label] : named(row, found)}: ${value(row[found.measure])}`).join("; ");
  const meaning = columns[found.measure].description?.split(";")[0].replaceAll("`", "").replaceAll("_", " "); // marked up as in the data dictionary
  const shown = found.reviews === undefined ? name(found.measure) : `${name(found.measure)} · number of reviews`;
  const title = meaning && !/_count$/.test(columns[found.measure].name) ? `${shown}. The ${name(found.measure)}: ${meaning}.` : shown;
  const draw = found.kind === "days" ? days(rows, found, name(found.measure)) : bars(rows, found, name(found.measure));
  const figure = chart({title, says: `${one.title}. ${title}. ${says}`, draw});
  figure.prepend(element("h3", {}, data(one.title)));
  const missing = untold(one);
  if (missing) figure.append(element("p", {class: "small grey"}, `The newest ${plural(rows.length, "day")} with reviews; the days before, with ${plural(missing, "review")}, are left out.`));
  figure.append(folded(`${plural(rows.length, "row")}, all columns`, all));
  return figure;
}

// Why a record is refused; docs/datasets.md has the rules of each column
const RULES = {
  field_count: "more or fewer fields than the header",
  quoting: "a quote that is not closed, or text after one",
  encoding: "bytes that are no UTF-8",
  required: "a value that must be there is empty",
  type: "not a number, date or flag as the column has",
  range: "below the least or above the greatest value",
  too_long: "a text longer than the column",
};

function refusedSection() {
  const rows = d3.sum(OWN, (row) => row.quarantined);
  if (!run.rejects.length) {
    return section("refused", "What was refused", {}, rows
      ? empty(summed("quarantined"), ` ${noun(rows, "row")}; the document does not say by which rule.`)
      : empty(run.outcome === "running" ? "Not known yet." : OWN.length ? "Nothing: every row that was read fits the rules." : run.outcome === "failed" ? "Nothing that is known: the run ended early." : "Nothing was judged."));
  }
  return section("refused", "What was refused", {},
    element("p", {class: "small grey"}, "The rows are kept in the quarantine zone. Correct the rule or the files, then: ", pipeline(`replay ${run.run_id}`)),
    table([
      {name: "rule", of: (one) => [data(one.rule), RULES[one.rule] ? grey(`: ${RULES[one.rule]}`) : null]},
      {name: "dataset", of: (one) => data(one.dataset)},
      {name: "columns", of: (one) => (one.columns.length ? data(one.columns.join(", ")) : grey("the whole record"))},
      {name: "rows", number: true, of: (one, index) => told(`rejects/${index}/rows`)},
      {name: "share of read", number: true, of: (one) => share(one.rows ?? 0, d3.sum(OWN.filter((row) => row.dataset === one.dataset), (row) => row.read))},
      {name: "examples", of: (one) => (one.examples.length ? folded(plural(one.examples.length, "example"), () => examples(one)) : grey("none"))},
    ], run.rejects, {caption: "Refused rows by rule"}));
}

const examples = (one) => element("ul", {class: "notes"}, one.examples.map((example) =>
  element("li", {}, data(example.file), `, record ${count(example.record)}`, example.key === null ? "" : [", key ", data(example.key)])));

// Where a rule looked: the same rule may hold before the publish and after it
const STAGES = {AuditStaging: "before the publish", CheckWarehouse: "in the warehouse", CheckAnalytics: "after the analytics", CheckPastAnalytics: "after those of the past window"};

const broken = (check) => check.violations === null || check.violations < 0 || check.violations > (check.limit ?? 0);

function checksSection() {
  if (!run.checks.length) return section("checks", "What was checked", {}, empty(run.outcome === "running" ? "Not yet." : `No rule ran: ${run.outcome === "failed" ? "the run ended before its checks" : "there was nothing to check"}.`));
  const failing = run.checks.filter(broken), sound = run.checks.filter((check) => !broken(check));
  const word = (check) => broken(check) ? element("span", {class: `badge ${check.severity === "block" ? "bad" : "warn"}`}, check.severity === "block" ? "✕ blocks" : "▲ warns") : element("span", {class: "badge grey"}, "✓ ", check.severity);
  const at = (check) => run.checks.indexOf(check);
  const number = (key) => ({name: key, number: true, of: (check) => (check[key] == null ? "" : told(`checks/${at(check)}/${key}`, plain))});
  const compares = run.checks.some((check) => check.found != null || check.expected != null);
  const columns = [
    {name: "rule", of: (check) => [data(check.rule), check.says ? element("div", {class: "grey"}, data(check.says)) : null, check.examples.length ? folded("keys", () => element("p", {}, data(check.examples.join(", ")))) : null]},
    {name: "table", of: (check) => [data(check.table), element("div", {class: "grey"}, STAGES[check.stage] ?? check.stage ?? "")]},
    {name: "result", of: word},
    {name: "violations", number: true, of: (check) => told(`checks/${at(check)}/violations`)},
    {name: "limit", number: true, of: (check) => (check.limit === null ? grey("none") : told(`checks/${at(check)}/limit`, plain))},
    ...(compares ? [number("found"), number("expected")] : []),
    {name: "before", of: (check) => (check.history.length ? history(check) : grey("first run"))},
  ];
  const rows = (checks, caption) => table(columns, checks, {caption, rowClass: (check) => (broken(check) ? (check.severity === "block" ? "bad" : "warn") : null)});
  const said = failing.length ? `${plural(failing.length, "rule")} of ${count(run.checks.length)} found more than ${failing.length === 1 ? "its" : "their"} limit.` : `${plural(run.checks.length, "rule")}; none found more than its limit.`;
  return section("checks", "What was checked", {},
    element("p", {}, said),
    failing.length ? rows(failing, "Rules that found more than their limit") : null,
    sound.length > 12 || failing.length ? (sound.length ? folded(`${plural(sound.length, "rule")} kept`, () => rows(sound, "Rules kept")) : null) : rows(sound, "Rules kept"));
}

function history(check) {
  const past = check.history.map((one) => one.violations);
  const line = sparkline(check.history, check.violations, broken(check));
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", `the last ${past.length} runs: between ${count(d3.min(past))} and ${count(d3.max(past))} violations`);
  return line;
}

// ---- an hour

function graphSection() {
  if (!run.graph) return section("machine", "The state machine", HOUR, empty("The document has no drawing of the state machine."));
  const visits = d3.group(run.states, (state) => state.name);
  const worst = (name) => { // a state that failed once and then succeeded has succeeded: the run went on
    const all = visits.get(name);
    return all?.find((visit) => visit.status === "running")?.status ?? all?.at(-1).status ?? null;
  };
  const panel = element("div", {class: "state", "aria-live": "polite"}, empty("Choose a state to see what went into it and what came out."));
  const choose = (name) => {
    const all = visits.get(name) ?? [];
    panel.replaceChildren(element("h3", {}, name), ...(all.length ? all.map((visit, index) => folded(summary(visit), () => visited(visit), {open: index === 0})) : [empty("This run did not enter the state.")]));
  };
  // A line was taken if the run entered its end right after its start
  const outer = run.states.filter((state) => state.branch === null);
  const taken = new Set(d3.pairs(outer, (from, to) => `${from.name}\t${to.name}`));
  const drawn = stateMachine(run.graph, worst, (from, to) => taken.has(`${from}\t${to}`), choose);
  drawn.setAttribute("aria-label", "The state machine; states are buttons");
  drawn.setAttribute("role", "group");
  const box = element("div", {class: "graph", tabindex: "0", role: "region", "aria-label": "Drawing of the state machine"}, drawn);
  return section("machine", "The state machine", HOUR,
    element("p", {class: "small grey"}, "✓ succeeded, ✕ failed, – broken off, ▸ running; grey: not entered. Any error that is not handled leads to the states of a failure; these lines are left out."),
    box, panel);
}

const summary = (visit) => element("span", {}, data(visit.branch ? `${visit.branch} ▸ ${visit.name}` : visit.name),
  visit.status === "succeeded" ? "" : visit.status === "failed" ? element("span", {class: FAILURE.level}, ` ${FAILURE.told}`) : grey(` ${visit.status}`),
  visit.tries.length > 1 ? grey(` ${visit.tries.length} tries`) : "", visit.iterations === null ? "" : grey(` ${plural(visit.iterations, "iteration")}`));

function visited(visit) {
  const attempts = visit.tries.filter((one) => one.error).map((one) => element("li", {}, moment(one.from), " ", element("strong", {class: FAILURE.level}, data(one.error)), one.cause ? element("pre", {tabindex: "0"}, one.cause) : null));
  const waits = visit.waits.map((wait) => element("li", {}, `${WAITS[wait.why] ?? wait.why}: ${duration((Date.parse(wait.to) - Date.parse(wait.from)) / 1000)}`));
  return [
    element("p", {class: "small grey"}, `${visit.type}, entered ${moment(visit.entered)} UTC, ${visit.ended ? duration(visit.seconds) : "not ended"}`),
    attempts.length || waits.length ? element("ul", {class: "notes small"}, attempts, waits) : null,
    ...payload("Input", visit.input), ...payload("Output", visit.output),
  ];
}

const PAGE = 25;
const FILE_WORDS = {published: "published", quarantined: "quarantined", empty: "empty", waiting: run.outcome === "running" ? "not published yet" : "still in landing"};

function filesSection() {
  const {total, listed, published_before: before, left_for_later: later} = run.files;
  const others = [
    before ? element("li", {}, told("files/published_before"), ` ${noun(before, "file")} ${before === 1 ? "was" : "were"} published before and not read again. To have a file read again, land it under another name.`) : null,
    later ? element("li", {}, told("files/left_for_later"), ` ${noun(later, "file")} ${later === 1 ? "waits" : "wait"} in the landing zone for the next run: a run takes at most batch_max_files and batch_max_bytes.`) : null,
  ].filter(Boolean);
  const notes = others.length ? element("ul", {class: "notes"}, others) : null;
  if (!total) return section("files", "Files", HOUR, notes ?? empty("No file had landed."));
  const all = listed.map((file, index) => ({...file, index, text: [file.key, file.dataset, FILE_WORDS[file.outcome], file.note].join(" ").toLowerCase()}));
  const box = element("div", {"aria-live": "polite"});
  let found = all, first = 0;
  const columns = [
    {name: "file", of: (file) => [data(file.key), file.note ? element("div", {class: "grey"}, data(file.note)) : null]},
    {name: "dataset", of: (file) => (file.dataset === null ? grey("none") : data(file.dataset))},
    {name: "outcome", of: (file) => FILE_WORDS[file.outcome]},
    ...(all.some((file) => file.rows !== null) ? [{name: "rows", number: true, of: (file) => (file.rows === null ? grey("–") : told(`files/listed/${file.index}/rows`))}] : []),
    {name: "size", number: true, of: (file) => told(`files/listed/${file.index}/bytes`, bytes)},
  ];
  const turn = (by) => () => { first += by; show(); };
  const show = () => {
    const rows = found.slice(first, first + PAGE);
    const buttons = found.length > PAGE ? element("p", {class: "search"},
      element("button", {type: "button", disabled: first === 0, onclick: turn(-PAGE)}, "Before"),
      element("button", {type: "button", disabled: first + PAGE >= found.length, onclick: turn(PAGE)}, "Next"),
      element("span", {class: "small grey"}, `${count(first + 1)} to ${count(first + rows.length)} of ${count(found.length)}`)) : null;
    box.replaceChildren(...[rows.length ? table(columns, rows, {caption: "Files"}) : empty("No file matches."), buttons].filter(Boolean));
  };
  const search = element("input", {type: "search", id: "file-search", autocomplete: "off", oninput: (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = all.filter((file) => words.every((word) => file.text.includes(word)));
    first = 0;
    show();
  }});
  show();
  return section("files", "Files", HOUR,
    element("p", {}, told("files/total"), ` ${noun(total, "file")}, `, told("files/bytes", bytes),
      listed.length < total ? `; the first ${count(listed.length)} are listed, those with a note before the others` : "", "."), notes,
    listed.length > 10 ? element("div", {class: "search"}, element("label", {for: "file-search", class: "small"}, "Name, dataset, outcome or note"), search) : null, box);
}

function lineageSection() {
  if (!run.lineage) return section("lineage", "Lineage", HOUR, empty("The document has no lineage."));
  return section("lineage", "Lineage", HOUR, lineage(run.lineage));
}

// A column may be counted and come from no other column; its table still has what it was counted in
const sources = (one) => one.inputs ?? [];

// What a table is made of, and each column from which columns: a drawing, and the same as a list for the keyboard
function lineage(all) {
  const tables = Array.isArray(all.tables) ? all.tables : [];
  if (!tables.length) return folded("As in the document", () => element("pre", {tabindex: "0"}, JSON.stringify(all, null, 2)));
  const drawn = all.drawing && tableGraph(all.drawing, (name) => show(name));
  const byName = new Map(tables.map((one) => [one.table, one]));
  const panel = element("div", {class: "state", "aria-live": "polite"}, drawn ? empty("Choose a table to see what its columns are made of, and what is made of it.") : null);
  const columns = (one) => table([
    {name: "column", of: (column) => element("button", {type: "button", class: "plain", onclick: () => follow(one, column)}, data(column.name))},
    {name: "from", of: (column) => ((column.from ?? []).length ? data(column.from.join(", ")) : grey("counted, constant, or the time"))}],
  one.columns ?? [], {caption: `Columns of ${one.table}`});
  const show = (name) => {
    const one = byName.get(name);
    drawn?.light(new Set([...reached(name, before(tables)), ...reached(name, after(tables))]), name);
    panel.replaceChildren(element("h3", {}, data(name)), one
      ? element("p", {class: "small grey"}, `Filled by the state ${one.state}. Choose a column to follow it alone.`)
      : empty("This run reads it, and does not fill it."), ...(one ? [columns(one)] : []));
  };
  const follow = (one, column) => drawn?.light(new Set(origins(byName, one.table, column.name)), one.table);
  const item = (one) => {
    const made = folded(element("span", {}, data(one.table), sources(one).length ? grey(" from ", sources(one).join(", ")) : null), () => columns(one));
    made.addEventListener("toggle", () => made.open && drawn?.light(new Set([...reached(one.table, before(tables)), ...reached(one.table, after(tables))]), one.table));
    return made;
  };
  const list = () => tables.map(item);
  return drawn
    ? [element("div", {class: "graph tables", tabindex: "0", role: "region", "aria-label": "Drawing of the tables; the list below says the same"}, drawn.svg), panel, folded(`All ${plural(tables.length, "table")} as a list`, list)]
    : list();
}

// Which tables come right before each table, and right after it
const before = (tables) => new Map(tables.map((one) => [one.table, sources(one)]));
const after = (tables) => d3.rollup(tables.flatMap((one) => sources(one).map((source) => [source, one.table])), (pairs) => pairs.map(([, to]) => to), ([source]) => source);

// A table and all that is reached from it by steps
function reached(name, steps, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  (steps.get(name) ?? []).forEach((next) => reached(next, steps, seen));
  return seen;
}

// The tables on the way of one column, from where it landed
function origins(byName, tableName, columnName, seen = new Set()) {
  const key = `${tableName}.${columnName}`;
  if (seen.has(key)) return [];
  seen.add(key);
  const found = byName.get(tableName)?.columns.find((column) => column.name === columnName);
  const from = (found?.from ?? []).map((name) => [name.split(".").slice(0, -1).join("."), name.split(".").at(-1)]);
  return [tableName, ...from.flatMap(([source, column]) => origins(byName, source, column, seen))];
}

function eventsSection() {
  if (!run.states.length) return section("events", "Events", HOUR, empty("None."));
  const line = (visit) => folded([summary(visit), grey(moment(visit.entered).slice(11)), element("span", {class: "number"}, visit.ended ? duration(visit.seconds) : "…")], () => visited(visit));
  const list = () => element("div", {class: "events"}, run.states.map(line));
  return section("events", "Events", HOUR,
    element("p", {}, `${plural(run.states.length, "visit")} to a state, each with what went in and what came out.`),
    run.input ? folded("Input of the run", () => payload("Input", run.input)) : null,
    run.states.length > 60 ? folded("All visits", list) : list());
}

function permissionsSection() {
  const {refused} = run.permissions;
  const alarms = run.alarms ?? [];
  return section("permissions", "Permissions and alarms", HOUR,
    refused.length ? table([{name: "who", of: (one) => data(one.principal)}, {name: "action", of: (one) => code(one.action)}, {name: "resource", of: (one) => code(one.resource)}], refused, {caption: "Refused calls"})
      : element("p", {}, "✓ No refused call is known."),
    run.alarms === null ? here ? empty("Alarms are judged once a minute while an endpoint is up (", command("make up"), "), not in a single run.")
      : empty("Alarms are judged after a run, on what it has measured; ", pipeline(`report ${run.run_id}`), " tells how they are then.") : !alarms.length ? empty("No alarm is set.")
      : table([{name: "alarm", of: (one) => data(one.name)}, {name: "state", of: (one) => element("span", {class: one.state === "ALARM" ? "bad" : null}, {OK: "✓ OK", ALARM: "✕ ALARM", INSUFFICIENT_DATA: "– no data yet"}[one.state] ?? one.state)}, {name: "why", of: (one) => (one.why ? data(one.why) : "")}], alarms, {caption: "Alarms"}));
}

function costSection() {
  const {parts, prices} = run.cost;
  if (!parts.length) return section("cost", "Cost", HOUR, empty("Not known."));
  return section("cost", "Cost", HOUR,
    element("p", {}, "On AWS such a run costs about ", told("cost/usd", dollars), " USD."),
    table([
      {name: "service", of: (part) => part.service},
      {name: "what", of: (part) => part.what},
      {name: "quantity", number: true, of: (part, index) => [part.estimate ? "about " : "", told(`cost/parts/${index}/quantity`, plain)]},
      {name: "unit", of: (part) => part.unit},
      {name: "USD", number: true, of: (part, index) => told(`cost/parts/${index}/usd`, dollars)},
    ], parts, {caption: "Parts of the cost"}),
    prices ? element("p", {class: "small grey"}, `Prices of ${prices.region}, ${prices.dated}: `, data(prices.source), ".") : null);
}

function linksSection() {
  if (!run.links.length) return null;
  return section("links", "Links", {}, element("ul", {class: "notes"}, run.links.map((one) => element("li", {}, link(one.href, data(one.title))))));
}
