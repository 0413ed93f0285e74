// What all charts of the page look at together: the window of time, frozen or following,
// the crosshair, motion, tables instead of plots; and when to draw. Times are the server's,
// in ms since 1970. Chapters: state, range, window, freezing and scrubbing, crosshair,
// motion and tables, drawing, beginning.

const root = document.documentElement;

const spans = { "10s": 10e3, "1m": 60e3, "10m": 600e3, "1h": 3600e3, "24h": 86400e3 };
const words = { "10s": "10 seconds", "1m": "minute", "10m": "10 minutes", "1h": "hour", "24h": "24 hours" };

// --- state ---

const state = {
  window: root.dataset.window in spans ? root.dataset.window : "1m",
  frozen: false,
  end: 0, // the right edge while frozen
  zoom: null, // {from, to, held}: held tells whether the view was frozen before
  cross: null, // 0 to 1 across the window, so that it stays under a pointer at rest
  motion: true,
  tables: false,
};
const listeners = new Set();
let latest = 0; // the newest sample's time

// on calls fn with the names of what changed: window, range, cross, motion, tables.
export function on(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

function changed(...what) {
  root.dataset.range = state.zoom ? "zoomed" : state.frozen ? "frozen" : "following";
  mark();
  for (const fn of listeners) fn(what);
  ask(true);
}

// --- range ---

// step frames: without motion the picture moves on once a second.
const edge = () => (state.motion ? latest : Math.floor(latest / 1000) * 1000);
const right = () => (state.frozen ? state.end : edge());

export function range() {
  if (state.zoom) return [state.zoom.from, state.zoom.to];
  return [right() - spans[state.window], right()];
}

export const span = () => range()[1] - range()[0];
export const following = () => !state.frozen && !state.zoom;
export const frozen = () => !following();
export const newest = () => latest;

// said is the range in words: "the last minute".
export function said() {
  if (following()) return `the last ${words[state.window]}`;
  const [from, to] = range();
  return `${clock(from)} to ${clock(to)}`;
}

export function clock(ms, fine = 0) {
  const at = new Date(ms);
  const pad = (n, width = 2) => String(n).padStart(width, "0");
  const whole = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  return fine ? `${whole}.${pad(at.getMilliseconds(), 3).slice(0, fine)}` : whole;
}

// tick tells that samples up to this time are there.
export function tick(time) {
  const first = latest === 0;
  if (time <= latest) return;
  latest = time;
  if (following()) ask(first);
}

// began tells that the clock begins again: another server.
export function began() {
  latest = 0;
  live();
}

// --- window ---

export const chosen = () => state.window;

export function choose(window) {
  if (!(window in spans)) return;
  state.window = root.dataset.window = window;
  state.zoom = null;
  const here = new URL(location);
  here.searchParams.set("window", window);
  history.replaceState(history.state, "", here);
  changed("window", "range");
}

// --- freezing and scrubbing ---

export function freeze(on = following()) {
  if (!on) return live();
  if (frozen()) return;
  state.frozen = true;
  state.end = edge();
  changed("range");
}

export function live() {
  state.frozen = false;
  state.zoom = null;
  changed("range");
}

// back leaves a zoom, then what is left of the frozen.
export function back() {
  if (!state.zoom?.held) return live();
  state.zoom = null;
  changed("range");
}

export function zoom(from, to) {
  if (to - from < 20) return; // less than one sample
  const held = state.zoom ? state.zoom.held : state.frozen;
  state.zoom = { from, to, held };
  changed("range");
}

// scrub moves by quarter windows: -1 back, +1 forth. Reaching the present follows again.
export function scrub(quarters) {
  const by = (quarters * span()) / 4;
  if (state.zoom) return zoom(state.zoom.from + by, state.zoom.to + by);
  const end = right() + by;
  if (end >= latest) return live();
  state.frozen = true;
  state.end = end;
  changed("range");
}

// --- crosshair ---

export const crosshair = () => state.cross;

export function cross(share) {
  if (share === state.cross) return;
  state.cross = share;
  for (const fn of listeners) fn(["cross"]);
}

export function crossTime() {
  const [from, to] = range();
  return state.cross === null ? null : from + state.cross * (to - from);
}

// --- motion and tables: remembered, for they are a person's needs and not a view's ---

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function remembered(name) {
  try {
    return localStorage.getItem(`afflux-${name}`);
  } catch {
    return null; // storage is closed to us
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`afflux-${name}`, value);
  } catch {
    // Not remembered then.
  }
}

export const motion = () => state.motion;
export const tables = () => state.tables;

export function setMotion(on = !state.motion) {
  remember("motion", on ? "on" : "off");
  readMotion();
}

function readMotion() {
  const choice = remembered("motion");
  state.motion = choice ? choice === "on" : !calm.matches;
  root.dataset.motion = state.motion ? "on" : "off";
  changed("motion");
}

export function setTables(on = !state.tables) {
  state.tables = on;
  remember("tables", on ? "on" : "off");
  root.dataset.tables = on ? "on" : "off";
  changed("tables");
}

// --- drawing: at most 20 times a second, and never before something moves by a pixel ---

const painters = new Set();
let paintedAt = 0;
let waiting = 0; // a timer or a frame is under way: 0 none, 1 timer, 2 frame
let timer = 0;

// paint calls fn whenever the picture is to be drawn.
export function paint(fn) {
  painters.add(fn);
  return () => painters.delete(fn);
}

let width = 1000; // of the plots, in px

export function wide(px) {
  width = px;
}

function interval() {
  if (!state.motion) return 1000;
  return Math.min(Math.max(span() / width, 50), 500);
}

// ask has the picture drawn soon; at once when a person did something.
export function ask(soon = false) {
  if (waiting === 2 || (waiting === 1 && !soon)) return;
  clearTimeout(timer);
  const rest = soon ? 0 : paintedAt + interval() - performance.now();
  if (rest <= 4) return frame();
  waiting = 1;
  timer = setTimeout(frame, rest);
}

function frame() {
  waiting = 2;
  requestAnimationFrame(() => {
    waiting = 0;
    paintedAt = performance.now();
    for (const fn of painters) fn();
  });
}

// --- beginning ---

// mark tells the controls of the page what is chosen; call it after each merge too.
export function mark() {
  for (const link of document.querySelectorAll("[data-window-choice]")) {
    if (link.dataset.windowChoice === state.window) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  press("[data-table-toggle]", state.tables);
  press("[data-motion-toggle]", state.motion);
}

function press(selector, on) {
  for (const button of document.querySelectorAll(selector)) button.setAttribute("aria-pressed", String(on));
}

function click(event) {
  const control = event.target.closest?.("[data-window-choice], [data-table-toggle], [data-motion-toggle]");
  if (!control || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (control.dataset.windowChoice) choose(control.dataset.windowChoice);
  if ("tableToggle" in control.dataset) setTables();
  if ("motionToggle" in control.dataset) setMotion();
}

export function start() {
  document.addEventListener("click", click);
  document.addEventListener("visibilitychange", () => ask(true));
  calm.addEventListener("change", readMotion);
  readMotion();
  setTables(remembered("tables") === "on");
}
