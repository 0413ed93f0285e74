// Values and panels are kept fresh by the stream. Chapters: values, panels, what is spoken,
// beginning.

import * as page from "./page.js";
import * as stream from "./stream.js";
import * as view from "./view.js";
import { speaker } from "./spoken.js";

// --- values: [data-live] shows the one of its name ---

const values = {};

function writeValues() {
  if (view.frozen()) return;
  for (const element of document.querySelectorAll("[data-live]")) {
    const told = values[element.dataset.live];
    if (told !== undefined) write(element, ...[told].flat());
  }
  speak();
}

function write(element, text, exact = "") {
  if (element.textContent !== text) element.textContent = text;
  if (element.title !== exact) element.title = exact;
}

// --- panels: [data-panel] holds the markup of its name ---

let panels = {};

function writePanels() {
  if (view.frozen()) return;
  for (const element of document.querySelectorAll("[data-panel]")) {
    const markup = panels[element.dataset.panel];
    if (markup === undefined) continue;
    page.fill(element, markup);
    delete panels[element.dataset.panel];
  }
}

// --- what is spoken: the page in one sentence ---

const mouth = document.getElementById("spoken");
const offer = speaker((sentence) => (mouth.textContent = sentence));
const speak = () => offer(document.querySelector("[data-spoken]")?.textContent ?? "", performance.now());

// --- beginning ---

// Marks that say that something stands on the page which no value tells. Those from before
// the page was drawn are in it; both times are the server's.
const structural = new Set(["settings", "reset", "restart", "crash"]);
const drawn = Number(document.documentElement.dataset.drawn);
const slack = 200; // ms by which the server's two clocks may differ

export function start() {
  stream.on("values", (told) => {
    Object.assign(values, told); // once a second all, otherwise those that have changed
    page.fresh();
    writeValues();
  });
  stream.on("panel", (told) => {
    Object.assign(panels, told);
    writePanels();
  });
  stream.on("mark", (mark) => {
    if (structural.has(mark.kind) && mark.at > drawn - slack) page.soon();
  });
  stream.on("lost", () => page.soon());
  stream.onRestart(() => page.soon());
  view.on((what) => {
    if (!what.includes("range")) return;
    writeValues();
    writePanels();
  });
  page.onMerge(writeValues);
}
