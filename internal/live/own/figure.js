// What charts and timelines have in common: a plot with its notes, a table twin, following
// the size, and resting while out of sight. Chapters: a figure, notes, all figures.

import * as paint from "./paint.js";
import * as stream from "./stream.js";
import * as view from "./view.js";

// --- a figure: those who extend it have measure, picture, crossed,
// tabulate, sentence, blank, and remark if there is something to remark ---

export class Figure {
  constructor(element) {
    this.element = element;
    this.plot = element.querySelector(".plot");
    this.twin = element.querySelector(".twin-table");
    this.plot.dataset.title ??= this.plot.ariaLabel ?? ""; // the label becomes a sentence
    this.note = paragraph("plot-note");
    this.state = paragraph("plot-state");
    this.plot.append(this.note);
    this.keep(this.plot, this.twin);
    Object.assign(this.twin ?? {}, { tabIndex: 0, role: "region" });
    this.seen = true;
    this.resized = new ResizeObserver(() => this.resize());
    this.watched = new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting; // the newest: there may be several
      view.ask(true);
    });
  }

  get title() {
    const heading = this.element.querySelector("figcaption :is(h2, h3, h4)")?.textContent.trim();
    return this.element.dataset.title || heading || this.plot.dataset.title || "Chart";
  }

  // keep tells the merge of the page that these elements are ours by now.
  keep(...elements) {
    for (const element of elements) element?.setAttribute("data-keep", "");
  }

  begin() {
    this.restore();
    this.resize();
    this.resized.observe(this.plot);
    this.watched.observe(this.plot);
  }

  // restore brings back what a merge may have taken: the state beside the title, and by telling
  // all of it anew, words and tables.
  restore() {
    this.told = {};
    const caption = this.element.querySelector("figcaption");
    if (this.state.parentElement !== caption) caption.insertBefore(this.state, caption.querySelector(":scope > button"));
  }

  destroy() {
    this.resized.disconnect();
    this.watched.disconnect();
    this.note.remove();
    this.state.remove();
  }

  intact() {
    return this.element.isConnected && this.plot.contains(this.note);
  }

  // A hidden plot has no size; it is measured when it is shown again.
  resize() {
    const width = this.plot.clientWidth;
    if (!width) return;
    this.width = width;
    this.height = Math.round(((Number(this.element.dataset.height) || 260) * paint.rem()) / 16);
    this.sizes = paint.sizes();
    this.plot.style.height = `${this.height}px`;
    view.wide(width);
    this.measure();
    view.ask(true);
  }

  draw() {
    const tables = view.tables() && this.twin !== null;
    show(this.plot, !tables);
    if (this.twin) show(this.twin, tables);
    if (tables) return this.due("table", 1000) && this.tabulate();
    if (!this.width || view.newest() === 0) return;
    const telling = this.due("label", 5000);
    if (!this.seen && !telling) return;
    this.picture();
    say(this.note, this.blank() ? this.element.dataset.empty || "Nothing has happened in this time yet." : "");
    say(this.state, `${this.standing()} ${this.remark()}`.trim());
    if (telling) this.plot.ariaLabel = `${this.title}, ${this.period()}: ${this.sentence()} ${this.standing()}`.trim();
  }

  // On paper everything is in sight.
  print() {
    this.seen = true;
    this.draw();
  }

  remark() {
    return "";
  }

  // period is what is shown of the past, in words.
  period() {
    return view.said();
  }

  standing() {
    return standing(() => this.period());
  }

  // due tells whether something that is done from time to time is to be done again.
  due(what, every) {
    const now = performance.now();
    if (now - (this.told[what] ?? -Infinity) < every) return false;
    this.told[what] = now;
    return true;
  }
}

// --- notes ---

// standing says why what is shown stands still, if it does; period is what is shown.
export function standing(period) {
  if (["lost", "bye"].includes(stream.state())) return `No connection since ${view.clock(view.newest())}.`;
  return view.following() ? "" : `Frozen: ${period()}.`;
}

function paragraph(name) {
  const element = document.createElement("p");
  element.className = name;
  element.hidden = true;
  return element;
}

function show(element, on) {
  if (element.hidden === on) element.hidden = !on;
}

function say(element, text) {
  show(element, text !== "");
  if (element.textContent !== text) element.textContent = text;
}

// --- all figures ---

// following keeps one object for each element of a selector on the page. sync is to be called
// at the start and after each merge.
export function following(selector, make) {
  const all = new Map();
  const elements = () => [...document.querySelectorAll(selector)];
  const sync = () => {
    for (const [element, one] of all) {
      if (one.intact()) {
        one.restore();
        continue;
      }
      one.destroy();
      all.delete(element);
    }
    for (const element of elements()) if (!all.has(element)) all.set(element, make(element));
  };
  view.paint(() => all.forEach((one) => one.draw()));
  view.on((what) => {
    if (what.includes("cross")) all.forEach((one) => one.crossed());
    else all.forEach((one) => (one.told = {})); // what changed is told at once
  });
  addEventListener("beforeprint", () => all.forEach((one) => one.print()));
  stream.onState(() => view.ask(true));
  paint.onColours(() => view.ask(true));
  return { sync, elements };
}
