// The page's numbers over time: the server's history first, then what the stream brings,
// gathered in buckets of the window's step. Chapters: buckets, reading, marks, history,
// live. Times are in ms; memory is bounded by the plan of each window.

import * as stream from "./stream.js";
import * as view from "./view.js";

const sampled = 20; // ms between two samples of the server
const fineReach = 600e3; // the server keeps steps below a second for 10 minutes
const mostPoints = 6000; // of one answer

// What is kept of each window, so that one can scrub back without asking again.
const plans = {
  "10s": { step: 20, keep: 60e3 },
  "1m": { step: 100, keep: 240e3 },
  "10m": { step: 1000, keep: 2400e3 },
  "1h": { step: 5000, keep: 4 * 3600e3 },
  "24h": { step: 120e3, keep: 86400e3 },
};
const steps = [20, 100, 200, 1000, 5000, 10e3, 30e3, 60e3, 120e3, 300e3];

// --- buckets ---

// A book holds buckets of one step: start, time of the last sample, number of samples, and
// for each series the mean, the highest and the last of them.
const blank = (step, from) => ({ step, from, start: [], end: [], count: [], rows: new Map() });

let book = blank(100, 0);

function row(name) {
  if (!book.rows.has(name)) {
    const gap = () => new Array(book.start.length).fill(null);
    book.rows.set(name, { mean: gap(), max: gap(), last: gap() });
  }
  return book.rows.get(name);
}

function open(start) {
  book.start.push(start);
  book.end.push(start);
  book.count.push(0);
  for (const r of book.rows.values()) for (const list of [r.mean, r.max, r.last]) list.push(null);
}

// put adds one sample; value gives the number of a series, or undefined.
function put(time, value) {
  const start = Math.floor(time / book.step) * book.step;
  const newest = book.start.at(-1) ?? -Infinity;
  if (start < newest) return;
  if (start > newest) open(start);
  const i = book.start.length - 1;
  const n = ++book.count[i];
  book.end[i] = time;
  for (const name of names) {
    const v = value(name);
    if (v === undefined) continue;
    const r = row(name);
    r.mean[i] = r.mean[i] === null ? v : r.mean[i] + (v - r.mean[i]) / n;
    r.max[i] = r.max[i] === null ? v : Math.max(r.max[i], v);
    r.last[i] = v;
  }
}

function each(change) {
  change(book.start);
  change(book.end);
  change(book.count);
  for (const r of book.rows.values()) [r.mean, r.max, r.last].forEach(change);
}

// trim forgets in larger bites, for moving all numbers at each sample would cost more.
const most = () => plans[view.chosen()].keep / book.step;
const full = () => book.start.length > most() * 1.25;

function trim() {
  const over = book.start.length - most();
  each((list) => list.splice(0, over));
  book.from = book.start[0];
}

// --- reading ---

// within gives the first and the last bucket of a range, one more at both sides.
export function within(from, to) {
  const ends = book.end;
  return [Math.max(after(ends, from) - 1, 0), Math.min(after(ends, to), ends.length - 1)];
}

function after(list, value) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const ends = () => book.end;
export const step = () => book.step;

// A pause in the samples is shown as one; a late sample is none.
export const gapBefore = (i) => i > 0 && book.end[i] - book.end[i - 1] > Math.max(3 * book.step, 500);

// Counts begin again at zero with each epoch.
export const begunAgain = (i) => i > 0 && row("epoch").max[i] !== row("epoch").max[i - 1];

// reader gives functions for the value and the highest of bucket i; last takes the one at its
// end, as counts have it; factor changes the unit.
export function reader({ name, high, rate, last, factor = 1 }) {
  const r = row(name);
  const times = (n) => (n === null || n === undefined ? null : n * factor);
  if (rate) {
    const value = perSecond(r);
    return { value: (i) => times(value(i)), highest: () => null };
  }
  if (last) {
    const value = (i) => times(r.last[i]);
    return { value, highest: value };
  }
  const top = high ? row(high) : r;
  return {
    value: (i) => times(r.mean[i]),
    highest: (i) => times(r.mean[i] === null ? null : Math.max(top.max[i] ?? 0, r.max[i])),
  };
}

// Rates look over one bucket; over at least a second, which holds a few waves of the
// workshop's work, or in a window of seconds over 200 ms. Counts begin again at zero with each
// epoch: what was counted since then is all that is known.
function perSecond(r) {
  const epochs = row("epoch").max;
  const over = Math.max(1, Math.round((view.span() > 12e3 ? 1000 : 200) / book.step));
  return (i) => {
    const open = i === book.end.length - 1 ? 1 : 0; // a bucket that fills is no whole one
    const j = i - over - open;
    if (j < 0 || r.last[i] === null || r.last[j] === null) return null;
    const again = epochs[i] !== epochs[j] || r.last[i] < r.last[j];
    return ((r.last[i] - (again ? 0 : r.last[j])) * 1000) / (book.end[i] - book.end[j]);
  };
}

// --- marks: what was done to the lab ---

const mostMarks = 500;
let marks = [];

export const marksWithin = (from, to) => marks.filter((m) => m.at >= from && m.at <= to);

function addMarks(more) {
  const key = (m) => `${m.at} ${m.kind} ${m.text}`;
  const known = new Map([...marks, ...more].map((m) => [key(m), m]));
  marks = [...known.values()].sort((a, b) => a.at - b.at).slice(-mostMarks);
}

// --- history ---

const names = new Set(["epoch"]);
let asking = 0; // the latest question; older answers are dropped
let busy = false;
let failures = 0;
let settled = 0;

// want adds series the charts of the page show.
export function want(list) {
  const before = names.size;
  for (const name of list) names.add(name);
  if (names.size === before) return;
  if (view.newest()) load();
  else later(1000); // the first sample comes before and asks: then there is no hole between the two
}

// plan tells the range and step that the view needs now.
function plan() {
  const [from, to] = view.range();
  const { step, keep } = plans[view.chosen()];
  if (view.following()) return { from: to - keep, to, step };
  const age = Math.max(view.newest() - from, 0);
  const fits = (s) => (to - from) / s <= 1000 && age / s <= mostPoints && (s >= 1000 || age < fineReach);
  return { from, to, step: steps.find(fits) ?? steps.at(-1) };
}

// A frozen view is served from what is here, if that is fine enough: then nothing is asked.
function covered({ from, to, step }) {
  if (view.following() ? step !== book.step : step < book.step) return false;
  const last = book.end.at(-1) ?? 0;
  if (view.following()) return view.newest() - last < 1000;
  return from >= book.from - book.step && Math.min(to, view.newest()) - last < book.step + 1000;
}

function check() {
  clearTimeout(settled);
  if (view.newest() === 0 || covered(plan())) return;
  later(view.following() ? 0 : 150); // not at each press of a key that is held
}

async function load() {
  clearTimeout(settled);
  if (names.size === 1) return; // a page without charts
  const mine = ++asking;
  const { from, step } = plan();
  const since = view.newest() ? new Date(from).toISOString() : `${plans[view.chosen()].keep / 1000}s`;
  busy = true;
  try {
    const query = new URLSearchParams({ name: [...names].join(","), since, step: `${step}ms` });
    const answer = await fetch(`/api/v1/series?${query}`, { cache: "no-store", signal: AbortSignal.timeout(10e3) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const history = await answer.json();
    if (mine === asking) take(history, view.newest() ? from : 0);
  } catch {
    if (mine === asking) failed();
  } finally {
    if (mine === asking) busy = false;
  }
}

// Without history the charts begin with what the stream brings; then another try.
function failed() {
  if (failures === 0 && view.following()) book = blank(plan().step, view.newest());
  failures++;
  later(Math.min(2000 * failures, 15e3));
}

function later(ms) {
  clearTimeout(settled);
  settled = setTimeout(load, ms);
}

function take(history, from) {
  failures = 0;
  const { t } = history;
  book = blank(history.step_ms, from || (t[0] ?? 0));
  const whole = Math.max(1, book.step / sampled);
  book.start = t.slice();
  book.end = t.map((start, i) => (i < t.length - 1 ? start + book.step - sampled : start));
  book.count = t.map(() => whole);
  for (const [name, s] of Object.entries(history.series)) {
    const mean = s.mean ?? s.last ?? s.max;
    book.rows.set(name, { mean: mean.slice(), max: (s.max ?? mean).slice(), last: (s.last ?? mean).slice() });
  }
  addMarks(history.marks ?? []);
  replay();
  view.ask(true);
}

// The answer's last bucket is not full: what the stream brought meanwhile completes it. If all
// of it is at hand the bucket is filled anew.
function replay() {
  const start = book.start.at(-1) ?? 0;
  const first = recent[0]?.t[0] ?? Infinity;
  if (first <= start) each((list) => list.pop());
  else if (book.start.length) book.count[book.count.length - 1] = Math.max(1, (Math.min(first, start + book.step) - start) / sampled);
  for (const frame of recent) add(frame, start);
  if (book.end.length) view.tick(book.end.at(-1));
}

// --- live ---

const recent = []; // frames of the last seconds, for an answer that is under way

function add(frame, from) {
  frame.t.forEach((time, k) => {
    if (time >= from) put(time, (name) => (Array.isArray(frame[name]) ? frame[name][k] : frame[name]));
  });
}

function sample(frame) {
  if (!frame.t?.length || frame.t.at(-1) <= (recent.at(-1)?.t.at(-1) ?? 0)) return; // told again
  recent.push(frame);
  if (recent.length > 300) recent.shift();
  const newest = book.end.at(-1) ?? 0;
  const first = view.newest() === 0;
  view.tick(frame.t.at(-1));
  if (first) return load();
  if (busy || book.step !== plans[view.chosen()].step) return; // a zoom's book is finer and done
  const missed = frame.t[0] - newest > 1000 && failures === 0;
  if (view.frozen() && (missed || full())) return; // what is looked at stays; the rest is asked for later
  if (missed) return check();
  add(frame, newest + 1);
  if (full()) trim();
}

// Another server has other numbers.
function forget() {
  recent.length = 0;
  marks = [];
  book = blank(book.step, 0);
  view.began();
}

export function start() {
  stream.on("sample", sample);
  stream.on("mark", (mark) => {
    addMarks([mark]);
    view.ask();
  });
  stream.onRestart(forget);
  view.on((what) => {
    if (what.includes("window") || what.includes("range")) check();
  });
}
