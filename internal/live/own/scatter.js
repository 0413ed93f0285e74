// The scatter: the last events of a part, each a point by two of its numbers, with the line
// that the model says and the one that was measured. Chapters: events, the measured line, the
// figure, pointing, drawing, axes, lines and points, words, all scatters.

import * as axis from "./axis.js";
import * as events from "./events.js";
import * as follow from "./follow.js";
import * as page from "./page.js";
import * as paint from "./paint.js";
import * as stream from "./stream.js";
import * as table from "./table.js";
import * as view from "./view.js";
import { Figure, following } from "./figure.js";
import { heading } from "./plot.js";

// --- events ---

const kept = 2000;

// The last events of one part. While the view is frozen those of that moment are shown.
class Log {
  constructor() {
    this.forget();
  }

  forget() {
    this.all = [];
    this.version = (this.version ?? 0) + 1;
    this.hold();
  }

  take(more) {
    this.all.push(...more);
    if (this.all.length > 2 * kept) this.all = this.all.slice(-kept);
    this.version++;
    view.ask();
  }

  hold() {
    if (!view.frozen()) this.held = null;
    else this.held ??= { list: this.all.slice(-kept), version: this.version, at: view.newest() };
  }

  shown() {
    return this.held ?? { list: this.all.slice(-kept), version: this.version };
  }
}

const logs = new Map(); // by part

function logOf(part) {
  if (!logs.has(part)) {
    logs.set(part, new Log());
    events.hear(part, (more) => logs.get(part).take(more));
  }
  return logs.get(part);
}

// --- the measured line: least squares over what was done ---

const fewest = 8; // points, at
const spread = 5; // different x: with less the line would say more than is known

function measured(points) {
  const good = points.filter((p) => !p.bad);
  if (good.length < fewest || new Set(good.map((p) => p.x)).size < spread) return null;
  const total = (of) => good.reduce((sum, p) => sum + p.weight * of(p), 0);
  const n = total(() => 1);
  const [mx, my] = [total((p) => p.x) / n, total((p) => p.y) / n];
  const slope = total((p) => (p.x - mx) * (p.y - my)) / total((p) => (p.x - mx) ** 2);
  return { slope, intercept: my - slope * mx, from: least(good, "x"), to: most(good, "x") };
}

const least = (points, axis) => points.reduce((a, p) => Math.min(a, p[axis]), Infinity);
const most = (points, axis) => points.reduce((a, p) => Math.max(a, p[axis]), 0);

// --- the figure ---

const timed = (field) => field.endsWith("_ms"); // shown as a duration

class Scatter extends Figure {
  constructor(figure) {
    super(figure);
    this.signature = JSON.stringify(figure.dataset);
    this.set = { ...figure.dataset };
    this.canvas = document.createElement("canvas");
    this.c = this.canvas.getContext("2d");
    this.area = document.createElement("div");
    this.area.className = "area";
    this.tip = document.createElement("div");
    this.tip.className = "tip";
    this.tip.hidden = true;
    this.area.append(this.tip);
    this.plot.prepend(this.canvas, this.area);
    this.keep(...figure.querySelectorAll("[data-fit]"));
    this.log = logOf(this.set.part);
    this.points = [];
    this.hot = null; // the point under the pointer or the keys
    point(this);
    this.begin();
  }

  intact() {
    return super.intact() && this.signature === JSON.stringify(this.element.dataset);
  }

  measure() {
    const { font, gutter, edge } = this.sizes;
    const [left, top] = [gutter, Math.round(font * 2)];
    const [width, height] = [Math.max(this.width - gutter - edge, 1), this.height - top - Math.round(font * 3.4)];
    this.frame = { left, top, width, height };
    Object.assign(this.area.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  }

  destroy() {
    super.destroy();
    this.canvas.remove();
    this.area.remove();
  }

  // read brings points and lines up to date, and tells whether there is anything new.
  read() {
    const { list, version } = this.log.shown();
    const model = this.model();
    const { width, height } = this;
    const now = [version, JSON.stringify(model), width, height, devicePixelRatio, paint.colour("ink"), this.hot?.event.seq, follow.followed()?.seq, follow.followed()?.part].join();
    if (now === this.known) return false;
    this.known = now;
    if (version !== this.version) {
      this.version = version;
      this.points = list.map((e) => pointOf(this.set, e)).filter(Boolean);
      this.fit = measured(this.points);
    }
    this.line = model;
    this.caption();
    return true;
  }

  // model is the line whose numbers stand in the caption as values that are kept fresh.
  model() {
    const [slope, intercept, floor] = ["slope", "intercept", "floor"].map((name) => {
      const text = this.element.querySelector(`[data-model="${name}"] .value`)?.textContent.replaceAll(",", "").trim();
      return text ? Number(text) : NaN;
    });
    return Number.isFinite(slope) && Number.isFinite(intercept) ? { slope, intercept, floor: Number.isFinite(floor) ? floor : undefined } : null;
  }

  caption() {
    const { y, per } = this.set;
    const texts = {
      measured: this.fit ? `measured ${exactly(y, this.fit.slope, this.line?.slope)} per ${per}` : "measured: too little spread yet",
      model: this.line ? `model ${exactly(y, this.line.slope, this.fit?.slope)}${atLeast(y, this.line)}` : "model –",
    };
    for (const [name, text] of Object.entries(texts)) {
      const element = this.element.querySelector(`[data-fit="${name}"]`);
      if (element && element.textContent !== text) element.textContent = text;
    }
  }

  picture() {
    if (!this.read()) return;
    drawAll(this);
    explain(this);
  }

  crossed() {}

  blank() {
    return this.points.length === 0;
  }

  // period: the last events, whatever the window of time is.
  period() {
    const count = `the last ${paint.exact(this.points.length)} events`;
    return this.log.held ? `${count} until ${view.clock(this.log.held.at)}` : count;
  }

  remark() {
    const weight = most(this.points, "weight");
    return weight > 1.05 ? `1 point stands for up to ${paint.brief(Math.round(weight * 10) / 10)} events.` : "";
  }

  sentence() {
    const { xlabel, ylabel, x, y } = this.set;
    if (this.blank()) return "none yet.";
    const failed = this.points.filter((p) => p.bad).length;
    const parts = [`${xlabel} up to ${shown(x, most(this.points, "x"))}`, `${ylabel} up to ${shown(y, most(this.points, "y"))}`];
    if (failed) parts.push(`${paint.exact(failed)} failed`);
    for (const span of this.element.querySelectorAll("[data-fit]")) parts.push(span.textContent);
    return `${parts.join(", ")}.`;
  }

  tabulate() {
    this.read();
    const { xlabel, ylabel, x, y } = this.set;
    const columns = [{ head: "Event" }, ...["Arrived", xlabel, ylabel].map((head) => ({ head: upper(head), number: true })), { head: "Outcome" }];
    const last = this.points.slice(-20).reverse();
    const rows = last.map((p) => [`#${paint.exact(p.event.seq)}`, view.clock(p.event.at, 3), shown(x, p.x), shown(y, p.y), p.event.outcome ?? ""]);
    table.fill(this.twin, `${this.title}: the last ${rows.length} events`, columns, rows);
  }
}

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function pointOf({ x, y }, event) {
  if (!Number.isFinite(event[x]) || !Number.isFinite(event[y])) return null;
  return { event, x: event[x], y: event[y], bad: event.outcome === "failed", weight: event.weight ?? 1 };
}

// --- pointing: the pointer or the arrow keys choose a point; a click or Enter follows it ---

const reach = 24; // px

function point(s) {
  const { area } = s;
  Object.assign(area, { tabIndex: 0, role: "slider", ariaLabel: `${s.title}: one event` });
  Object.assign(area, { ariaValueMin: "0", ariaValueMax: "0", ariaValueNow: "0", ariaValueText: "none chosen" });
  area.addEventListener("pointermove", (event) => choose(s, nearest(s, event)));
  area.addEventListener("pointerleave", () => choose(s, null));
  area.addEventListener("click", (event) => chase(s, nearest(s, event)));
  area.addEventListener("focus", () => area.matches(":focus-visible") && enter(s));
  area.addEventListener("blur", () => choose(s, null));
  area.addEventListener("keydown", (event) => press(s, event));
}

function nearest(s, event) {
  if (!s.scale) return null;
  const box = s.area.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left + s.frame.left, event.clientY - box.top + s.frame.top];
  let [best, far] = [null, reach];
  for (const p of s.points.toReversed()) {
    const away = Math.hypot(s.scale.x(p.x) - x, s.scale.y(p.y) - y);
    if (away < far) [best, far] = [p, away];
  }
  return best;
}

function choose(s, p) {
  if (s.hot?.event === p?.event) return;
  s.hot = p ?? null;
  if (s.hot) Object.assign(s.area, { ariaValueText: words(s, s.hot).join(", ") });
  else s.tip.hidden = true;
  view.ask(true);
}

function chase(s, p) {
  if (p) follow.follow(marked(p.event) ? null : p.event);
}

const marked = (event) => follow.followed()?.seq === event.seq && follow.followed()?.part === event.part;

const along = (s) => s.points.toSorted((a, b) => a.x - b.x || a.y - b.y || a.event.seq - b.event.seq);

// The keys begin at the event that is followed, or else at the newest, and go along x.
function enter(s) {
  const first = s.points.find((p) => marked(p.event)) ?? s.points.at(-1);
  if (first) go(s, along(s), first);
}

function go(s, order, p) {
  Object.assign(s.area, { ariaValueMin: "1", ariaValueMax: String(order.length), ariaValueNow: String(order.indexOf(p) + 1) });
  choose(s, p);
}

function press(s, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") return event.preventDefault(), chase(s, s.hot);
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
  if (!(event.key in steps) || !s.points.length) return;
  event.preventDefault();
  const order = along(s);
  const now = s.hot ? order.findIndex((p) => p.event.seq === s.hot.event.seq) : order.length;
  go(s, order, order[Math.min(Math.max(now + steps[event.key], 0), order.length - 1)]);
}

// explain writes the tooltip beside the chosen point.
function explain(s) {
  s.tip.hidden = !s.hot;
  if (!s.hot) return;
  const text = words(s, s.hot).join("\n");
  if (s.tip.textContent !== text) s.tip.textContent = text;
  const { left, top, width, height } = s.frame;
  const [x, y] = [s.scale.x(s.hot.x) - left, s.scale.y(s.hot.y) - top];
  const beside = x + 14 + s.tip.offsetWidth > width ? x - 14 - s.tip.offsetWidth : x + 14;
  const below = y + 12 + s.tip.offsetHeight > height ? y - 12 - s.tip.offsetHeight : y + 12;
  s.tip.style.transform = `translate(${Math.max(0, beside)}px, ${below}px)`;
}

// --- drawing ---

function drawAll(s) {
  const c = paint.clean(s);
  const { left, top, width, height } = s.frame;
  const ticks = ticksOf(s);
  const ends = { x: ticks.x.at(-1) * 1.02, y: ticks.y.at(-1) * 1.04 };
  s.scale = { x: (v) => left + (v / ends.x) * width, y: (v) => top + height - (v / ends.y) * height, ends };
  axes(c, s, ticks);
  c.save();
  c.beginPath();
  c.rect(left, top, width, height);
  c.clip();
  dots(c, s);
  c.restore();
  c.save();
  c.beginPath();
  c.rect(left, top, width, height);
  c.clip();
  lines(c, s);
  c.restore();
  rings(c, s);
}

// --- axes: they look like the charts' ---

function ticksOf({ set, points, sizes, frame }) {
  const whole = points.every((p) => Number.isInteger(p.x)) && !timed(set.x);
  const wide = Math.max(2, Math.round(frame.width / (sizes.font * 6)));
  const high = Math.max(2, Math.round(frame.height / (sizes.font * 4)));
  return {
    x: axis.nice(most(points, "x") || (timed(set.x) ? 1000 : 10), wide, whole),
    y: axis.nice(most(points, "y") || (timed(set.y) ? 1000 : 1), high, false),
  };
}

function axes(c, s, ticks) {
  const { font } = s.sizes;
  const { left, top, width, height } = s.frame;
  const { x, y, xlabel, ylabel } = s.set;
  paint.type(c, font);
  c.textAlign = "right";
  c.textBaseline = "middle";
  const said = labels(y, ticks.y);
  ticks.y.forEach((n, i) => {
    const at = Math.round(s.scale.y(n));
    c.fillStyle = paint.colour("line");
    c.fillRect(left, at, width, 1);
    c.fillStyle = paint.colour("soft");
    c.fillText(said[i], left - Math.round(font / 2), at);
  });
  c.textAlign = "center";
  c.textBaseline = "top";
  labels(x, ticks.x).forEach((text, i) => {
    const half = paint.measure(c, text) / 2;
    c.fillText(text, Math.min(s.scale.x(ticks.x[i]), left + width + 12 - half), top + height + Math.round(font / 2));
  });
  c.textAlign = "right";
  c.fillText(paint.fit(c, xlabel, width + left), left + width, top + height + Math.round(font * 2));
  heading(c, ylabel, { ...s.frame, top: top + Math.round(font * 0.5) }, font);
}

function labels(field, ticks) {
  if (!timed(field)) return paint.ticks(ticks);
  if (ticks.at(-1) < 1000) return ticks.map((n) => (n ? `${paint.tick(n)} ms` : "0"));
  return paint.ticks(ticks.map((n) => n / 1000)).map((text, i) => (ticks[i] ? `${text} s` : "0"));
}

// --- lines and points ---

// All points of a kind are one path, for changing the pen is what costs.
function dots(c, s) {
  const radius = s.sizes.font * 0.22;
  c.fillStyle = paint.colour(s.set.colour, 0.7);
  c.beginPath();
  for (const p of s.points) {
    if (p.bad) continue;
    const [x, y] = [s.scale.x(p.x), s.scale.y(p.y)];
    c.moveTo(x + radius, y);
    c.arc(x, y, radius, 0, 7);
  }
  c.fill();
  const arm = radius * 1.3;
  Object.assign(c, { strokeStyle: paint.colour("failed"), lineWidth: radius * 0.7, lineCap: "round" });
  c.beginPath();
  for (const p of s.points) {
    if (!p.bad) continue;
    const [x, y] = [s.scale.x(p.x), s.scale.y(p.y)];
    c.moveTo(x - arm, y - arm);
    c.lineTo(x + arm, y + arm);
    c.moveTo(x + arm, y - arm);
    c.lineTo(x - arm, y + arm);
  }
  c.stroke();
}

// Measured is solid, the model dotted and above it: where they agree the dots lie on the line.
function lines(c, s) {
  if (s.fit) stroke(c, s, s.fit, s.fit.from, s.fit.to, { lineWidth: 1.25, strokeStyle: paint.colour("ink") });
  if (!s.line || s.blank()) return;
  c.setLineDash([0.1, 10]);
  stroke(c, s, s.line, 0, s.scale.ends.x, { lineWidth: 3.5, lineCap: "round", strokeStyle: paint.colour("ink") });
  c.setLineDash([]);
}

// A line goes level where it would be below its floor.
function stroke(c, s, { slope, intercept, floor = -Infinity }, from, to, pen) {
  const bend = (floor - intercept) / slope;
  Object.assign(c, pen);
  c.beginPath();
  for (const x of from < bend && bend < to ? [from, bend, to] : [from, to]) c.lineTo(s.scale.x(x), s.scale.y(Math.max(floor, intercept + slope * x)));
  c.stroke();
}

function rings(c, s) {
  const { font } = s.sizes;
  if (s.hot) ring(c, s, s.hot, font * 0.45, "ink");
  const chosen = follow.followed();
  const p = chosen?.part === s.set.part ? pointOf(s.set, chosen) : null;
  if (!p || p.x > s.scale.ends.x || p.y > s.scale.ends.y) return;
  ring(c, s, p, font * 0.6, "accent");
  paint.type(c, font, 650);
  const text = `#${paint.exact(chosen.seq)}`;
  const [x, y] = [s.scale.x(p.x), s.scale.y(p.y)];
  const left = x + font + paint.measure(c, text) > s.frame.left + s.frame.width;
  Object.assign(c, { textAlign: left ? "right" : "left", textBaseline: "middle", lineWidth: 4, lineJoin: "round", strokeStyle: paint.colour("paper"), fillStyle: paint.colour("ink") });
  const at = left ? x - font : x + font;
  c.strokeText(text, at, y);
  c.fillText(text, at, y);
}

function ring(c, s, p, radius, tone) {
  for (const [lineWidth, strokeStyle] of [[5, paint.colour("paper")], [2.5, paint.colour(tone)]]) {
    Object.assign(c, { lineWidth, strokeStyle });
    c.beginPath();
    c.arc(s.scale.x(p.x), s.scale.y(p.y), radius, 0, 7);
    c.stroke();
  }
}

// --- words ---

const shown = (field, value) => (timed(field) ? paint.duration(value) : paint.exact(value));

// exactly is a slope: one of half a second is 0.50 s, in the unit of the one that it is held
// against, so that the two compare digit by digit.
function exactly(field, value, beside = value) {
  if (!timed(field)) return paint.brief(value);
  const size = Math.max(Math.abs(value), Math.abs(beside));
  if (size < 100) return `${paint.brief(value)} ms`;
  return `${(value / 1000).toFixed(size < 10e3 ? 2 : 1)} s`;
}

// A floor that the line begins on or above says nothing.
const atLeast = (field, { intercept, floor }) => (floor > intercept ? `, at least ${shown(field, floor)}` : "");

function words({ set }, { event, x, y }) {
  const attempt = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
  return [
    `#${paint.exact(event.seq)}: ${set.ylabel} ${shown(set.y, y)}, ${set.xlabel} ${shown(set.x, x)}`,
    `${event.outcome ?? "ended"}${attempt}, arrived ${view.clock(event.at, 3)}`,
  ];
}

// --- all scatters ---

export function start() {
  stream.onRestart(() => logs.forEach((log) => log.forget()));
  view.on((what) => what.includes("range") && logs.forEach((log) => log.hold()));
  follow.on(() => view.ask(true));
  const all = following("figure[data-scatter]", (figure) => new Scatter(figure));
  page.onMerge(all.sync);
  all.sync();
}
