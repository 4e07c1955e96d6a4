"use strict";
// Runs as a row of charts, above a list of runs: the reports zone's list and the console's have it

{
  const count = new Intl.NumberFormat("en-US");
  const CHARTS = [
    {title: "Duration, seconds", of: (run) => run.seconds},
    {title: "Rows read", of: (run) => run.read},
    {title: "Rows refused, % of rows read", of: (run) => (run.read ? (100 * run.rejected) / run.read : null)},
    {title: "Age of the published data at the end of a run, minutes", of: (run) => (run.age === null ? null : run.age / 60)},
  ];

  const element = (name, attributes, text) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.append(text);
    return made;
  };

  const trend = (box, runs) => {
    const figures = CHARTS.map(({title}) => {
      const figure = element("figure", {});
      figure.append(element("figcaption", {}, title));
      return figure;
    });
    box.append(...figures); // all of them, before one is drawn: together they have the widths that they keep
    CHARTS.forEach(({title, of}, number) => {
      const figure = figures[number];
      const values = runs.map((run, place) => ({place, value: of(run), run})).filter((one) => one.value !== null);
      const says = values.length === 1 ? `${title}: ${count.format(values[0].value)}` : values.length ? `${title}: the last ${values.length} values are between ${count.format(d3.min(values, (one) => one.value))} and ${count.format(d3.max(values, (one) => one.value))}` : `${title}: not known`;
      const chart = element("div", {role: "img", "aria-label": says});
      figure.append(chart);
      if (!values.length) {
        chart.append(element("p", {class: "empty"}, "Not known yet."));
        return;
      }
      const svg = Plot.plot({
        width: Math.max(220, Math.floor(figure.clientWidth)), height: 110, marginLeft: 44, marginBottom: 8, marginTop: 8, marginRight: 4,
        style: {fontFamily: "inherit", fontSize: "12px", fontVariantNumeric: "tabular-nums"},
        x: {axis: null, type: "band", domain: runs.map((_, place) => place), padding: 0.2},
        y: {label: null, ticks: 3, grid: true, nice: true, domain: [0, d3.max(values, (one) => one.value) || 1], tickFormat: (tick) => d3.format(tick < 1000 ? "~g" : "~s")(tick)},
        marks: [
          Plot.barY(values, {x: "place", y: "value", fill: (one) => (one.run.outcome === "failed" ? "var(--bad)" : "var(--bar)"), title: (one) => `${one.run.name}\n${count.format(one.value)}`}),
          Plot.ruleY([0], {stroke: "var(--line)"}),
        ],
      });
      svg.setAttribute("aria-hidden", "true");
      for (const mark of svg.querySelectorAll("[aria-label], [aria-description]")) {
        mark.removeAttribute("aria-label");
        mark.removeAttribute("aria-description");
      }
      chart.append(svg);
    });
  };

  const charts = document.getElementById("charts");
  if (charts) trend(charts, JSON.parse(document.getElementById("trend").textContent));
}
