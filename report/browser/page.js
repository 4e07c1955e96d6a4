"use strict";
// Puts the page together, and draws its charts for the width that there is

const idle = run.outcome in IDLE;
const minute = [idle ? null : rowsSection(), timeSection()].filter(Boolean);
const others = [...(idle ? [] : [analyticsSection(), refusedSection(), checksSection()]), graphSection(), idle ? null : filesSection(),
  idle ? null : lineageSection(), eventsSection(), permissionsSection(), costSection(), linksSection()].filter(Boolean);

document.getElementById("page").replaceChildren(header(), contents([...minute, ...others]), element("div", {class: run.datasets.length ? "two" : null}, minute), ...others);
drawAll();
showWhatMatters();

// The drawing of the state machine is larger than its box: begin where the run failed or is, otherwise at its start
function showWhatMatters() {
  const box = document.querySelector(".graph");
  const node = run.graph && (run.graph.nodes.find((one) => one.name === run.failure?.state) ??
    run.graph.nodes.find((one) => run.states.some((state) => state.name === one.name && state.status === "running")) ??
    run.graph.nodes.find((one) => one.name === run.states[0]?.name));
  if (node) box.scrollTo(node.x - box.clientWidth / 2, node.y - box.clientHeight / 2);
}

addEventListener("resize", () => drawAll());

// A printed page is as wide as paper: its charts are drawn for it, not made smaller. A4 has two columns of charts, or three
const PAPER = (box) => (box.closest(".grid") ? 225 : 345);
const printing = matchMedia("print");
printing.addEventListener("change", () => drawAll(printing.matches ? PAPER : undefined));
