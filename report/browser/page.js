"use strict";
// Puts the page together, and draws its charts for the width that there is

const minute = [rowsSection(), timeSection()];
const others = [analyticsSection(), refusedSection(), checksSection(), graphSection(), filesSection(), lineageSection(),
  eventsSection(), permissionsSection(), costSection(), linksSection()].filter(Boolean);

document.getElementById("page").replaceChildren(header(), contents([...minute, ...others]), element("div", {class: "two"}, minute), ...others);
drawAll();

addEventListener("resize", () => drawAll());

// A printed page is as wide as paper: its charts are drawn for it, not made smaller
const PAPER = 330;
const printing = matchMedia("print");
printing.addEventListener("change", () => drawAll(printing.matches ? PAPER : null));
