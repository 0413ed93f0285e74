// The page's one stream of live data, GET /api/v1/stream: server-sent events, handed on to
// whoever asked for them. Chapters: handing on, state, connecting.
//
// One stream per page, because a browser keeps only six connections to a host. It rests
// while nobody looks at the page and comes back by itself.

const patience = 3000; // ms of silence until the connection counts as lost
const hanging = 15000; // ms until an attempt of the browser's own is given up
const firstPause = 2000; // ms before the first attempt of ours; then longer, up to
const longestPause = 15000;

const events = ["sample", "event", "mark", "values", "panel", "lost", "bye"];

// --- handing on ---

const listeners = new Map(events.map((name) => [name, new Set()]));
const restarts = new Set();
let boot = ""; // the server's run, the first part of every id

// on calls fn with the data of each event of this name; the result ends that.
export function on(event, fn) {
  listeners.get(event).add(fn);
  return () => listeners.get(event).delete(fn);
}

// onRestart calls fn when the server turns out to be another run than before.
export function onRestart(fn) {
  restarts.add(fn);
  return () => restarts.delete(fn);
}

function arrived(event) {
  heard();
  noticeBoot(event.lastEventId);
  if (event.type === "bye") ended();
  const data = event.data ? JSON.parse(event.data) : null;
  for (const fn of listeners.get(event.type)) fn(data);
}

function noticeBoot(id) {
  const dot = id.lastIndexOf(".");
  if (dot < 1) return;
  const before = boot;
  boot = id.slice(0, dot);
  if (before && before !== boot) for (const fn of restarts) fn(boot);
}

// --- state: opening, live, lost, bye ---

let now = "opening";
const watchers = new Set();

export const state = () => now;

// onState calls fn with the new state at each change.
export function onState(fn) {
  watchers.add(fn);
  return () => watchers.delete(fn);
}

function become(next) {
  if (next === now) return;
  now = next;
  document.documentElement.dataset.stream = next;
  for (const fn of watchers) fn(next);
}

// --- connecting ---

let address = "";
let source = null;
let heardAt = 0;
let pause = firstPause;
let retry = 0; // the timer of the next attempt

// start opens the stream of a page; the server sends that page's panels too.
export function start(page) {
  address = `/api/v1/stream?page=${encodeURIComponent(page)}`;
  document.addEventListener("visibilitychange", wakeOrRest);
  addEventListener("pagehide", close); // a page in the back-forward cache holds no connection
  addEventListener("pageshow", wakeOrRest);
  setInterval(watch, 1000);
  wakeOrRest();
}

function wakeOrRest() {
  if (document.hidden) return close();
  if (!source) open();
}

function open() {
  close();
  heardAt = performance.now();
  source = new EventSource(address);
  for (const name of events) source.addEventListener(name, arrived);
  source.addEventListener("error", failed);
}

function close() {
  clearTimeout(retry);
  retry = 0;
  source?.close();
  source = null;
}

function heard() {
  heardAt = performance.now();
  pause = firstPause;
  become("live");
}

// The browser tries again by itself, with Last-Event-ID, unless the answer was a refusal
// such as 401 or 503: then it gives up for good and the next attempt is ours.
function failed() {
  if (source?.readyState === EventSource.CLOSED) again();
}

function again() {
  if (retry || document.hidden) return;
  close();
  retry = setTimeout(open, pause + Math.random() * 1000);
  pause = Math.min(pause * 1.7, longestPause);
}

function ended() {
  become("bye");
  again();
}

// A silent connection may be a dead one: no error tells of a cable that was pulled.
function watch() {
  if (document.hidden) return;
  const silence = performance.now() - heardAt;
  if (silence < patience) return;
  if (now !== "bye") become("lost");
  const connecting = source?.readyState === EventSource.CONNECTING;
  if (!connecting || silence > hanging) again();
}
