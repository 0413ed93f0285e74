// The average since this page was opened, as the workshop's page has it: two visitors see two
// truths. [data-since] names a sum, [data-per] the count that it is divided by. Chapters:
// counting, showing.

import * as page from "./page.js";
import * as paint from "./paint.js";
import * as stream from "./stream.js";
import * as view from "./view.js";

// --- counting: all series, so that one that is shown later is known from the beginning ---

const opened = Number(document.documentElement.dataset.drawn); // by the server's clock
let base = {}; // where the counts began: at the opening, or at zero with an epoch
let now = null; // the numbers of the newest sample
const closed = {}; // what was counted in the epochs that are over
let newest = 0; // the newest sample's time

const counted = (name) => (closed[name] ?? 0) + (now?.[name] ?? 0) - (base[name] ?? 0);

// A stream that connects tells its last seconds, and again what was told before it broke.
function sample(frame) {
  const names = Object.keys(frame).filter((name) => name !== "t");
  (frame.t ?? []).forEach((time, k) => {
    if (time <= newest) return;
    newest = time;
    take(time, Object.fromEntries(names.map((name) => [name, Array.isArray(frame[name]) ? frame[name][k] : frame[name]])));
  });
  write();
}

function take(time, numbers) {
  if (time <= opened || !now) base = numbers;
  else if (numbers.epoch !== now.epoch) close();
  now = numbers;
}

// close keeps what was counted: the counts begin again at zero. What now lacks was closed before.
function close() {
  for (const name of Object.keys(now)) closed[name] = counted(name);
  base = {};
}

// Another server counts from zero too, and tells all it has. Its first sample closes once more,
// with nothing in now.
function restart() {
  if (!now) return;
  close();
  now = {};
  newest = 0;
}

// --- showing: four times a second, as values are ---

const rest = 250;
let wroteAt = -rest;

function write(soon = false) {
  if (view.frozen() || (!soon && performance.now() - wroteAt < rest)) return;
  wroteAt = performance.now();
  for (const element of document.querySelectorAll("[data-since]")) show(element, element.dataset);
}

function show(element, { since, per, unit }) {
  const count = counted(per);
  const value = count > 0 ? (counted(since) / count) * (unit === "ms" ? 1000 : 1) : null;
  const text = value >= 100 ? paint.exact(Math.round(value)) : paint.brief(value);
  const exact = count > 0 ? `${paint.exact(value)} ${unit}: the mean of ${paint.exact(count)} since ${view.clock(opened)}` : "";
  if (element.textContent !== text) element.textContent = text;
  if (element.title !== exact) element.title = exact;
}

export function start() {
  stream.on("sample", sample);
  stream.onRestart(restart);
  page.onMerge(() => write(true));
  view.on((what) => what.includes("range") && write(true));
}
