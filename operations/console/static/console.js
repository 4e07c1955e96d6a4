"use strict";

// The token. It came behind the # of the address; other tabs of the console have it too. No other site can read it or send it.

const KEY = "token";
const hash = new URLSearchParams(location.hash.slice(1));
if (hash.has(KEY)) {
  localStorage.setItem(KEY, hash.get(KEY));
  history.replaceState(null, "", location.pathname + location.search);
}

async function ask(path, body) {
  const headers = {"Content-Type": "application/json", "X-Console-Token": localStorage.getItem(KEY) ?? ""};
  try {
    const response = await fetch(path, body === undefined ? {} : {method: "POST", headers, body: JSON.stringify(body)});
    const answer = await response.json();
    return response.ok ? answer : {error: answer.error};
  } catch {
    return {error: "the console does not answer: is `make up` still running?"};
  }
}

function tell(text, bad = false) {
  const told = document.getElementById("told");
  told.textContent = text;
  told.className = bad ? "bad" : "";
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const count = new Intl.NumberFormat("en-US");

// The query box

function asTable({columns, rows}) {
  const cell = (value, place) => element("td", {"data-name": columns[place]}, value === null ? element("span", {class: "grey"}, "NULL") : element("bdi", {}, value));
  return element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Answer"},
    element("table", {class: "data"},
      element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", {scope: "col"}, name)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell))))));
}

function queryBox(form) {
  const sql = form.elements.sql;
  const button = form.querySelector("button");
  const [name, ...text] = location.hash.slice(1).split("=");
  if (name === "sql") sql.value = decodeURIComponent(text.join("="));
  sql.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    tell("The query is running …");
    const answer = await ask("/query", {sql: sql.value});
    button.disabled = false;
    const box = document.getElementById("answer");
    box.replaceChildren();
    if (answer.error) return tell(answer.error, true);
    tell(`${answer.more ? `The first ${count.format(answer.rows.length)} rows; there are more.` : `${count.format(answer.rows.length)} row${answer.rows.length === 1 ? "" : "s"}.`} ${answer.seconds} s.`);
    if (answer.columns.length) box.append(asTable(answer));
  });
}

// The form that starts a run

function startForm(form) {
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const {keep_current, ...fields} = Object.fromEntries(new FormData(form));
    const replace_current = Boolean(fields.window_end) && !keep_current;
    const answer = await ask("/runs", {...fields, replace_current, accept_rejects: form.elements.accept_rejects.checked});
    button.disabled = false;
    if (answer.error) tell(answer.error, true);
    else location.href = `/runs/${encodeURIComponent(answer.name)}`;
  });
}

// The page of a run that goes on. The next state of the page is drawn out of sight, brought to the reader's place, and then shown.

const EVERY = 1500;
const FOCUSABLE = "a, button, summary, input, [tabindex]";
const SCROLLED = ".scroll, .graph, pre";

// The same element of two states of the page: in the same section, with the same words besides its numbers, and the same place among its like
function marked(page, selector) {
  const seen = new Map();
  const found = new Map();
  for (const one of page.querySelectorAll(selector)) {
    const words = one.getAttribute("aria-label") ?? (one.matches(".scroll, .graph, pre, input") ? "" : (one.querySelector("summary") ?? one).textContent);
    const name = `${one.closest("section")?.id} ${one.localName} ${words.replace(/\d[\d.,]*/g, "#")}`;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    found.set(`${name} ${seen.get(name)}`, one);
  }
  return found;
}

function placeIn(frame) {
  const page = frame.contentDocument;
  return {
    x: frame.contentWindow.scrollX,
    y: frame.contentWindow.scrollY,
    open: new Set([...marked(page, "details")].filter(([, one]) => one.open).map(([key]) => key)),
    scrolled: [...marked(page, SCROLLED)].map(([key, one]) => [key, one.scrollLeft, one.scrollTop]),
    typed: [...marked(page, "input")].map(([key, one]) => [key, one.value]),
    focused: [...marked(page, FOCUSABLE)].find(([, one]) => one === page.activeElement)?.[0],
  };
}

// What is folded is made when it is opened, and may have folded parts itself
async function unfold(page, open) {
  const done = new Set();
  for (;;) {
    const next = [...marked(page, "details")].filter(([key, one]) => open.has(key) && !one.open && !done.has(key));
    if (!next.length) return;
    await Promise.all(next.map(([key, one]) => {
      done.add(key);
      const toggled = new Promise((made) => one.addEventListener("toggle", made, {once: true}));
      one.open = true;
      return toggled;
    }));
  }
}

async function bringTo(frame, place) {
  const page = frame.contentDocument;
  await unfold(page, place.open);
  const inputs = marked(page, "input");
  for (const [key, value] of place.typed) {
    const input = inputs.get(key);
    if (!input || !value) continue;
    input.value = value;
    input.dispatchEvent(new frame.contentWindow.Event("input", {bubbles: true}));
  }
  const boxes = marked(page, SCROLLED);
  for (const [key, left, top] of place.scrolled) boxes.get(key)?.scrollTo(left, top);
  frame.contentWindow.scrollTo(place.x, place.y);
  return () => marked(page, FOCUSABLE).get(place.focused)?.focus({preventScroll: true});
}

function redrawn(frame) {
  return new Promise((done) => {
    const next = frame.cloneNode();
    next.classList.add("coming");
    next.removeAttribute("id");
    next.addEventListener("load", async () => {
      const focus = await bringTo(next, placeIn(frame));
      next.id = frame.id;
      next.classList.remove("coming");
      frame.remove();
      focus(); // what is out of sight cannot have the focus
      done();
    }, {once: true});
    frame.after(next);
  });
}

async function follow(line) {
  let last = Number(line.dataset.last);
  let running = line.dataset.running === "yes";
  while (running) {
    await new Promise((done) => setTimeout(done, EVERY));
    const news = await ask(`/runs/${encodeURIComponent(line.dataset.run)}/news.json?after=${last}`);
    if (news.error) {
      line.textContent = news.error;
      continue;
    }
    if (news.last !== last || !news.running) await redrawn(document.getElementById("page"));
    ({last, running} = news);
    line.textContent = running ? "This run goes on; the page follows it." : "This run has ended.";
  }
}

for (const [id, begin] of [["query", queryBox], ["start", startForm], ["follow", follow]]) {
  const found = document.getElementById(id);
  if (found) begin(found);
}
