// The event log: the last events of a part, newest first, and the whole life of the one that
// is followed. The list stands still while somebody moves in it, so that a click finds its line.
// Chapters: a log, lines, standing still, choosing, the life, words, all logs.

import * as events from "./events.js";
import * as follow from "./follow.js";
import * as page from "./page.js";
import * as paint from "./paint.js";
import * as stream from "./stream.js";
import * as view from "./view.js";
import { standing } from "./figure.js";

const kept = 200; // lines
const rest = 250; // ms between two changes of the list
const hold = 4000; // ms that it stands still after the pointer or the keys moved in it

// --- a log ---

class Log {
  constructor(element) {
    this.element = element;
    this.part = element.dataset.part;
    this.list = element.querySelector("[data-lines]");
    this.shape = element.querySelector("template[data-line]").content.firstElementChild;
    this.splits = [...element.querySelectorAll(".eventlog-key [data-split]")].map(({ dataset }) => ({ ...dataset }));
    this.fresh = []; // not shown yet, newest last
    this.newer = 0; // how many are not shown yet, those that never will be included
    this.heldUntil = 0;
    this.events = new WeakMap(); // by line
    this.next = false; // the next event is to be followed
    this.seen = true;
    this.wroteAt = -rest;
    this.sight = new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting; // the newest: there may be several
      this.soon();
    });
    this.sight.observe(this.list);
    listen(this);
    this.show();
  }

  destroy() {
    this.sight.disconnect();
    clearTimeout(this.timer);
  }

  take(more) {
    this.fresh.push(...more.slice(-kept));
    if (this.fresh.length > kept) this.fresh = this.fresh.slice(-kept);
    this.newer += more.length;
    if (this.next && !view.frozen()) follow.follow(more[0]); // which ends the waiting
    this.soon();
  }

  forget() {
    this.fresh = [];
    this.newer = 0;
    this.list.replaceChildren();
    if (isOurs(this)) follow.follow(null);
    this.show();
  }

  get still() {
    return view.frozen() || document.hidden || !this.seen;
  }

  soon() {
    if (this.still || !this.fresh.length || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (!this.still) turn(this);
    }, Math.max(0, this.wroteAt + rest - performance.now()));
  }

  // show brings buttons, lines and the life up to date.
  show() {
    const ours = isOurs(this);
    const part = (name) => this.element.querySelector(name);
    part("[data-follow-next]").setAttribute("aria-pressed", String(this.next));
    say(part("[data-follow-next]"), this.next ? "Waiting for the next" : "Follow the next");
    part("[data-follow-stop]").hidden = !ours;
    part("[data-no-lines]").hidden = this.list.childElementCount > 0;
    for (const line of this.list.children) mark(line, ours && this.events.get(line).seq === follow.followed().seq);
    state(this);
    live(this, ours ? follow.followed() : null);
  }
}

const isOurs = (log) => follow.followed()?.part === log.part;

// --- lines ---

function write(log) {
  const lines = log.fresh.map((event) => lineOf(log, event)).reverse();
  log.fresh = [];
  log.newer = 0;
  const { list } = log;
  const [away, height] = [list.scrollTop, list.scrollHeight];
  list.prepend(...lines);
  if (away > 0 && list.scrollTop === away && !CSS.supports("overflow-anchor", "auto")) list.scrollTop += list.scrollHeight - height;
  while (list.childElementCount > kept) list.lastElementChild.remove();
  activate(log, active(log) ?? null);
  const empty = log.element.querySelector("[data-no-lines]");
  if (!empty.hidden) empty.hidden = true;
}

function lineOf(log, event) {
  const line = log.shape.cloneNode(true);
  line.id = `${log.element.id}-${event.seq}`;
  log.events.set(line, event);
  judge(line, event);
  const put = (name, text) => (line.querySelector(name).textContent = text);
  put(".when", view.clock(endOf(event), 3));
  put(".seq", `#${paint.exact(event.seq)}`);
  put(".by", event.consumer ?? event.caller ?? "");
  put(".words", words(log, event));
  put(".note", event.weight > 1 ? `1 of ${paint.brief(event.weight)}` : "");
  bars(line, event, log.splits);
  mark(line, isOurs(log) && follow.followed().seq === event.seq);
  return line;
}

const isBad = (event) => event.outcome === "failed";

// judge shows one of two marks.
function judge(element, event) {
  element.querySelector("[data-good]").hidden = isBad(event);
  element.querySelector("[data-bad]").hidden = !isBad(event);
}

// bars gives each split its share of the width.
function bars(element, event, splits) {
  const sum = splits.reduce((all, { split }) => all + (event[split] ?? 0), 0);
  const total = Math.max(sum, event.latency_ms ?? 0) || 1;
  let from = 0;
  for (const { split } of splits) {
    const share = ((event[split] ?? 0) / total) * 100;
    const bar = element.querySelector(`rect[data-split="${split}"]`);
    bar.setAttribute("x", `${from}%`);
    bar.setAttribute("width", `${Math.max(share, 0)}%`);
    from += share;
  }
}

function mark(line, chosen) {
  const text = String(chosen);
  if (line.ariaSelected !== text) line.ariaSelected = text;
}

// --- standing still: while the pointer or the keys move in the list, and the page is frozen ---

const held = (log) => performance.now() < log.heldUntil;

// turn comes four times a second while there are events to show.
function turn(log) {
  log.wroteAt = performance.now();
  if (held(log)) log.soon();
  else write(log);
  state(log);
}

const stay = (log) => (log.heldUntil = performance.now() + hold);
const goOn = (log) => (log.heldUntil = 0);

// state says in the bar what the list shows.
function state(log) {
  const { list, element } = log;
  const newest = log.events.get(list.firstElementChild);
  const words = standing(() => (newest ? `the last ${paint.exact(list.childElementCount)} events until ${view.clock(endOf(newest))}` : "no events yet"));
  const button = element.querySelector("[data-newer]");
  const waiting = words === "" && held(log) && log.newer > 0;
  if (waiting) say(button, `${paint.exact(log.newer)} newer`);
  if (button.hidden === waiting) button.hidden = !waiting;
  say(element.querySelector("[data-state]"), waiting ? "" : words || "Newest first.");
}

// catchUp shows what is newer. The button that was pressed is hidden then; the focus goes to
// what it has brought.
function catchUp(log) {
  goOn(log);
  turn(log);
  log.list.scrollTop = 0;
  log.list.focus({ preventScroll: true });
}

// A pointer that rests is told of a move when something moves under it.
function listenToMoves(log) {
  const { list } = log;
  list.addEventListener("pointermove", ({ movementX, movementY }) => (movementX || movementY) && stay(log));
  list.addEventListener("pointerdown", () => stay(log));
  list.addEventListener("keydown", () => stay(log));
  list.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && goOn(log)); // a finger leaves with each tap
  list.addEventListener("blur", () => goOn(log));
}

// --- choosing ---

function listen(log) {
  const { list, element } = log;
  listenToMoves(log);
  list.addEventListener("click", (event) => {
    const line = event.target.closest("[role=option]");
    if (line) choose(log, line, true);
  });
  list.addEventListener("keydown", (event) => press(log, event));
  list.addEventListener("focus", () => activate(log, active(log) ?? chosen(log) ?? null));
  element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("newer" in button.dataset) catchUp(log);
    if ("followStop" in button.dataset) stop(log);
    if ("followNext" in button.dataset) {
      log.next = !log.next;
      log.show();
    }
  });
}

// Stop is where the focus was; it goes on to the list, for the button is hidden now.
function stop(log) {
  follow.follow(null);
  log.list.focus({ preventScroll: true });
}

const active = (log) => document.getElementById(log.list.getAttribute("aria-activedescendant") ?? "");
const chosen = (log) => log.list.querySelector("[aria-selected=true]");

// activate says which line the keys are at.
function activate(log, line) {
  log.list.querySelector(".active")?.classList.remove("active");
  if (!line) return log.list.removeAttribute("aria-activedescendant");
  line.classList.add("active");
  log.list.setAttribute("aria-activedescendant", line.id);
}

// choose follows a line's event; a second click on it stops that.
function choose(log, line, again = false) {
  activate(log, line);
  const stopping = again && line.ariaSelected === "true";
  follow.follow(stopping ? null : log.events.get(line));
}

function press(log, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { list } = log;
  const here = active(log) ?? chosen(log);
  const steps = {
    ArrowDown: () => here?.nextElementSibling ?? (here ? null : list.firstElementChild),
    ArrowUp: () => here?.previousElementSibling ?? (here ? null : list.firstElementChild),
    Home: () => list.firstElementChild,
    End: () => list.lastElementChild,
  };
  if (event.key in steps) {
    event.preventDefault();
    const line = steps[event.key]();
    if (!line) return;
    choose(log, line);
    line.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (here ?? list.firstElementChild) choose(log, here ?? list.firstElementChild, Boolean(here));
  } else if (event.key === "Escape" && isOurs(log)) {
    event.preventDefault();
    follow.follow(null);
  }
}

// --- the life of the event that is followed ---

function live(log, event) {
  const area = log.element.querySelector("[data-life]");
  area.querySelector("[data-life-none]").hidden = event !== null;
  area.querySelector("[data-life-some]").hidden = event === null;
  if (!event) return;
  judge(area, event);
  bars(area, event, log.splits);
  const who = event.consumer ?? event.caller;
  const row = (name, there) => (area.querySelector(`[data-row=${name}]`).hidden = !there);
  const put = (name, text) => area.querySelectorAll(`[data-of="${name}"]`).forEach((cell) => say(cell, text));
  row("depth", event.depth_at_arrival !== undefined);
  row("by", who !== undefined);
  row("attempt", event.attempt !== undefined);
  row("weight", event.weight > 1);
  put("title", `#${paint.exact(event.seq)}`);
  put("arrived", view.clock(event.at, 3));
  put("depth", `${paint.exact(event.depth_at_arrival)} others`);
  put("owner", who ? ` of ${who}` : "");
  for (const { split } of log.splits) put(split, length(event[split]));
  put("by", who);
  put("attempt", paint.exact(event.attempt));
  put("end", isBad(event) ? "failed at" : "done at");
  put("ended", view.clock(endOf(event), 3));
  put("latency", length(event.latency_ms));
  put("weight", `${paint.brief(event.weight)} events`);
}

// --- words ---

const endOf = (event) => event.at + (event.latency_ms ?? 0);
const length = (ms) => (Number.isFinite(ms) ? paint.duration(ms < 0.01 ? 0 : ms) : "–");

// The last split is the work; those before it are waits.
function words(log, event) {
  const waits = log.splits.slice(0, -1).reduce((sum, { split }) => sum + (event[split] ?? 0), 0);
  const work = event[log.splits.at(-1)?.split];
  const did = isBad(event) ? "failed after" : "took";
  const attempt = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
  return `${did} ${length(work)}${waits >= 0.5 ? `, waited ${length(waits)}` : ""}${attempt}`;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// --- all logs ---

const logs = new Map(); // by element
const parts = new Set();

function sync() {
  for (const [element, log] of logs) {
    if (element.isConnected && log.part === element.dataset.part) continue;
    log.destroy();
    logs.delete(element);
  }
  for (const element of document.querySelectorAll("[data-eventlog]")) {
    if (!logs.has(element)) logs.set(element, new Log(element));
    hear(element.dataset.part);
  }
  for (const log of logs.values()) log.show();
}

function hear(part) {
  if (parts.has(part)) return;
  parts.add(part);
  events.hear(part, (more) => logs.forEach((log) => log.part === part && log.take(more)));
}

const each = (fn) => logs.forEach(fn);

export function start() {
  follow.on((event) => {
    each((log) => {
      if (event?.part === log.part) log.next = false;
      log.show();
    });
  });
  page.onMerge(sync);
  stream.onRestart(() => each((log) => log.forget()));
  stream.onState(() => each(state));
  view.on((what) => {
    if (!what.includes("range")) return;
    each((log) => {
      log.soon();
      state(log);
    });
  });
  document.addEventListener("visibilitychange", () => each((log) => log.soon()));
  sync();
}
