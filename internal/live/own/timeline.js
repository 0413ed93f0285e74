// The timeline: the last completed requests, each a bar from its arrival to the end of its
// work, and how long the client waited for the answer. Chapters: requests and lanes, the
// figure, drawing, bars, words, table, all timelines.
//
// Each request takes a lane that is free, so the number of lanes is the number of requests
// that were under way at once.

import * as axis from "./axis.js";
import * as events from "./events.js";
import * as marks from "./marks.js";
import * as paint from "./paint.js";
import * as stream from "./stream.js";
import * as table from "./table.js";
import * as view from "./view.js";
import { Figure, following } from "./figure.js";
import { heading } from "./plot.js";
import { overlay } from "./overlay.js";

// --- requests and lanes ---

const kept = 2000;

// The requests of one part of the lab.
class Log {
  constructor() {
    this.forget();
  }

  forget() {
    this.worked = []; // in the order they came, each with its lane
    this.rejected = []; // for themselves: a flood of them must not wash away the others
    this.lanes = []; // the end of the last request in each lane
  }

  take(ended) {
    const more = ended.toSorted((a, b) => a.at - b.at);
    this.rejected = [...this.rejected, ...more.filter(isRejected)].slice(-kept);
    this.worked = [...this.worked, ...more.filter((r) => !isRejected(r)).map((r) => ({ ...r, lane: place(r, this) }))].slice(-kept);
    view.ask();
  }

  inView() {
    const [from, to] = view.range();
    return [...this.rejected, ...this.worked].filter((r) => end(r) >= from && r.at <= to);
  }
}

const logs = new Map(); // by part; "" for all

function logOf(part) {
  if (!logs.has(part)) {
    logs.set(part, new Log());
    events.hear(part, (more) => logs.get(part).take(more));
  }
  return logs.get(part);
}

const end = (r) => r.at + Math.max(r.latency_ms ?? 0, r.answer_ms ?? 0);
const isRejected = (r) => r.outcome === "rejected";

// A lane is given once, so that the picture moves and never jumps. Requests come in the order
// they ended; of the free lanes the one that was busy last makes do with the fewest lanes.
function place(r, log) {
  if (log.lanes.every((ended) => ended <= r.at)) log.lanes = [];
  const { lanes } = log;
  let best = -1;
  for (let k = 0; k < lanes.length; k++) if (lanes[k] <= r.at && (best < 0 || lanes[k] > lanes[best])) best = k;
  if (best < 0) best = lanes.length;
  lanes[best] = end(r);
  return best;
}

// rowsOf gives each lane in use a row, from the bottom up, without empty ones between.
function rowsOf(seen) {
  const used = [];
  for (const r of seen) if (!isRejected(r)) used[r.lane] = true;
  let count = 0;
  const rows = used.map((yes) => (yes ? count++ : -1));
  return { rows, count };
}

// --- the figure ---

class Timeline extends Figure {
  constructor(figure) {
    super(figure);
    this.canvas = document.createElement("canvas");
    this.c = this.canvas.getContext("2d");
    this.area = document.createElement("div");
    this.area.className = "area";
    this.plot.prepend(this.canvas, this.area);
    this.over = overlay(this.area, (x, y) => this.tell(x, y));
    this.shown = [];
    this.part = figure.dataset.part ?? "";
    this.log = logOf(this.part);
    this.begin();
  }

  measure() {
    const { gutter, head, foot, edge } = this.sizes;
    const [left, top] = [gutter, head];
    const [width, height] = [Math.max(this.width - gutter - edge, 1), this.height - head - foot];
    this.frame = { left, top, width, height };
    Object.assign(this.area.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  }

  destroy() {
    super.destroy();
    this.canvas.remove();
    this.area.remove();
  }

  intact() {
    return super.intact() && this.part === (this.element.dataset.part ?? "");
  }

  picture() {
    drawAll(this);
    this.over.show();
  }

  crossed() {
    if (this.width && this.seen && !view.tables()) this.over.show();
  }

  // tell finds what is under the pointer: marks, or the request in that row.
  tell(x, y) {
    const [from] = view.range();
    const perPx = view.span() / this.frame.width;
    const at = from + x * perPx;
    const near = marks.near(at, 4 * perPx);
    if (near.length) return near;
    const row = y < this.strip ? -1 : Math.floor((this.frame.height - y) / this.row);
    const hit = this.shown.findLast(
      (r) => (this.rows[r.lane] ?? -1) === row && at >= r.at - 4 * perPx && at <= end(r) + 4 * perPx,
    );
    return hit ? [words(hit)] : [];
  }

  blank() {
    return this.shown.length === 0;
  }

  // remark says what a bar stands for where not all requests are told.
  remark() {
    const weight = this.shown.reduce((most, r) => Math.max(most, r.weight ?? 1), 1);
    return weight > 1.05 ? `1 bar stands for up to ${paint.brief(Math.round(weight * 10) / 10)} requests.` : "";
  }

  sentence() {
    const refused = this.shown.filter(isRejected).length;
    const parts = [`${paint.exact(this.shown.length)} requests`, `up to ${paint.exact(this.count ?? 0)} at once`];
    if (refused) parts.push(`${paint.exact(refused)} rejected`);
    return `${parts.join(", ")}.`;
  }

  tabulate() {
    const rows = this.log.inView().sort((a, b) => end(b) - end(a)).slice(0, 20).map(cells);
    table.fill(this.twin, `${this.title}: the last ${rows.length} requests`, columns, rows);
  }
}

// --- drawing ---

function drawAll(t) {
  const c = paint.clean(t);
  t.shown = t.log.inView();
  Object.assign(t, rowsOf(t.shown));
  const refused = t.shown.filter(isRejected);
  t.strip = refused.length ? Math.round(t.sizes.font * 1.3) : 0;
  const scale = axis.nice(Math.max(t.count, 4), 3, true);
  t.row = (t.frame.height - t.strip) / scale.at(-1);
  axes(c, t, scale);
  c.save();
  c.beginPath();
  c.rect(t.frame.left, t.frame.top, t.frame.width, t.frame.height);
  c.clip();
  bars(c, t);
  crosses(c, t, refused);
  c.restore();
  marks.draw(c, t.frame, heading(c, "at once", t.frame, t.sizes.font), t.sizes.font);
}

function xOf({ frame }) {
  const [from, to] = view.range();
  return (at) => frame.left + ((at - from) / (to - from)) * frame.width;
}

// The axes look like the charts'.
function axes(c, t, scale) {
  const { font } = t.sizes;
  const { left, top, width, height } = t.frame;
  paint.type(c, font);
  c.textAlign = "right";
  c.textBaseline = "middle";
  for (const n of scale) {
    const y = Math.round(top + height - n * t.row);
    c.fillStyle = paint.colour("line");
    c.fillRect(left, y, width, 1);
    c.fillStyle = paint.colour("soft");
    c.fillText(paint.tick(n), left - Math.round(font / 2), y);
  }
  clockAxis(c, t);
}

function clockAxis(c, t) {
  const { font } = t.sizes;
  const { top, width, height } = t.frame;
  const { list, every } = axis.times(width, font);
  c.textAlign = "center";
  c.textBaseline = "top";
  for (const at of list) c.fillText(axis.said(at, every, width, font), xOf(t)(at), top + height + Math.round(font / 2));
}

// --- bars ---

const workColour = (r) => (r.outcome === "failed" ? "failed" : r.caller === "async" ? "flight-2" : "flight");

// Rectangles are gathered by colour, because changing it is what costs.
function bars(c, t) {
  const heap = new Map();
  const x = xOf(t);
  const put = (name, from, to, y, height, least) => {
    if (!heap.has(name)) heap.set(name, []);
    heap.get(name).push(x(from), y, Math.max(x(to) - x(from), least), height);
  };
  const thick = Math.max(1, t.row - (t.row >= 4 ? 1 : 0));
  const tick = (r) => Math.min(2, (x(end(r)) - x(r.at)) / 4);
  const y = (r) => t.frame.top + t.frame.height - (t.rows[r.lane] + 1) * t.row;
  for (const r of t.shown) if (!isRejected(r)) bar(r, y(r), thick, tick(r), put);
  for (const [name, list] of heap) fill(c, name === "hatch" ? stripes(c) : paint.colour(name), list);
}

// A high lane shows the client's wait above the work; a thin one the work alone, with the
// moment of the answer.
function bar(r, y, thick, tick, put) {
  const split = thick >= 6 ? Math.max(2, Math.round(thick * 0.3)) : 0;
  const answer = r.at + r.answer_ms;
  const begin = Math.min(r.at + (r.wait_ms ?? 0), end(r));
  if (begin > r.at) put("waiting", r.at, begin, y + split, thick - split, 0);
  put(workColour(r), begin, end(r), y + split, thick - split, 1);
  if (r.outcome === "failed" || r.outcome === "abandoned") put("hatch", begin, end(r), y + split, thick - split, 1);
  if (split) put("answered", r.at, answer, y, split, 2);
  else put("answered", answer, answer, y, thick, tick);
}

function fill(c, style, list) {
  c.fillStyle = style;
  for (let i = 0; i < list.length; i += 4) c.fillRect(list[i], list[i + 1], list[i + 2], list[i + 3]);
}

// stripes strike through what did not come to a good end.
function stripes(c) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const p = tile.getContext("2d");
  p.strokeStyle = paint.colour("paper");
  p.lineWidth = 2.5;
  for (const shift of [-8, 0, 8]) {
    p.moveTo(shift, 8);
    p.lineTo(shift + 8, 0);
  }
  p.stroke();
  return c.createPattern(tile, "repeat");
}

// Rejected requests took no lane: a row of crosses of their own, one for each place on it.
function crosses(c, t, refused) {
  const radius = t.sizes.font * 0.32;
  const place = (r) => Math.floor((r.at * t.frame.width) / (view.span() * radius * 2.6));
  const taken = new Set();
  for (const r of refused) {
    if (taken.has(place(r))) continue;
    taken.add(place(r));
    paint.shape(c, "failed", xOf(t)(r.at), t.frame.top + t.strip / 2, radius);
  }
}

// --- words ---

const outcomes = {
  ok: (r) => `done after ${paint.duration(r.latency_ms)}`,
  rejected: () => "rejected",
  failed: (r) => `failed after ${paint.duration(r.latency_ms)}`,
  abandoned: (r) => `left the line after ${paint.duration(r.latency_ms)}`,
};

function words(r) {
  const parts = [`answered after ${paint.duration(r.answer_ms)}`, outcomes[r.outcome]?.(r) ?? r.outcome];
  if (r.outcome === "rejected") parts.reverse();
  if (r.wait_ms >= 0.5) parts.splice(1, 0, `waited ${paint.duration(r.wait_ms)}`);
  const others = r.depth_at_arrival > 0 ? `; ${paint.exact(r.depth_at_arrival)} in flight when it came` : "";
  return `#${paint.exact(r.seq)} ${r.caller}: ${parts.join(", ")}${others}`;
}

const columns = [
  { head: "Request" },
  ...["Arrived", "Answered after", "Waited", "Worked", "Ended after"].map((head) => ({ head, number: true })),
  { head: "Outcome" },
];

const cells = (r) => [
  `#${paint.exact(r.seq)} ${r.caller}`,
  view.clock(r.at, 3),
  paint.duration(r.answer_ms),
  paint.duration(r.wait_ms ?? 0),
  paint.duration(r.service_ms ?? 0),
  paint.duration(r.latency_ms),
  r.outcome,
];

// --- all timelines ---

let all = null;

// sync follows the page; call it after each merge.
export const sync = () => all.sync();

export function start() {
  stream.onRestart(() => logs.forEach((log) => log.forget()));
  all = following("figure[data-timeline]", (figure) => new Timeline(figure));
  sync();
}
