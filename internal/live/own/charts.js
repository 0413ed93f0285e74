// Charts: a plot for each figure[data-chart]. Chapters: a chart, legend, table, all charts.
//
// A line is the mean of each bucket, with a band up to the highest, so that a peak shorter
// than a bucket is not lost by looking at a longer time.

import * as marks from "./marks.js";
import * as paint from "./paint.js";
import * as series from "./series.js";
import * as table from "./table.js";
import * as view from "./view.js";
import { Figure, following } from "./figure.js";
import { columns, plot } from "./plot.js";
import { overlay } from "./overlay.js";

// Units that are shown in another size than they are recorded in.
const units = { bytes: { factor: 1e-6, word: "MB" }, share: { factor: 100, word: "%" } };
const counted = (unit) => !/^(s|ms|%|MB)$|\/|\bper\b/.test(unit);

const items = (figure) => [...figure.querySelectorAll("[data-series]")];
const namesOf = (figure) => {
  const names = items(figure).flatMap((li) => [li.dataset.series, li.dataset.high]).filter(Boolean);
  return "limited" in figure.dataset ? [...names, "limit"] : names;
};
const signature = (figure) => items(figure).map((li) => JSON.stringify(li.dataset)).join(); // another one: another chart

function lineOf(li, factor) {
  const { series: name, high, colour = "flight", style } = li.dataset;
  const label = li.querySelector("span")?.textContent.trim() ?? name;
  const output = li.querySelector(".reading");
  const [area, stack, until] = ["area", "stack", "until"].map((name) => style === name);
  return { name, high: stack ? undefined : high, colour, label, factor, area, stack, until, rate: "rate" in li.dataset, output };
}

// A line of a stack stands on the one before it in the stack; one that says "until" ends an
// area that begins at the line before it.
function based(lines) {
  lines.forEach((line, i) => {
    const before = lines[i - 1];
    line.until &&= before !== undefined;
    if (line.until || (line.stack && before?.stack)) line.base = before;
  });
  return lines;
}

// --- a chart ---

class Chart extends Figure {
  constructor(figure) {
    super(figure);
    this.signature = signature(figure);
    const { factor = 1, word = figure.dataset.unit ?? "" } = units[figure.dataset.unit] ?? {};
    this.unit = word;
    this.whole = counted(word);
    this.lines = based(items(figure).map((li) => lineOf(li, factor))); // as in the legend
    for (const line of this.lines) line.last = this.floating;
    this.layers = this.lines.toReversed().sort((a, b) => b.area - a.area); // areas behind, the first on top
    this.keep(...this.lines.map((line) => line.output));
    this.ticks = [0, 1];
    this.begin();
  }

  // Type and gutter are uPlot's options: when they change the plot is made anew.
  measure() {
    const { gutter, font, head, foot } = this.sizes;
    this.wanted = Math.max(2, Math.round((this.height - head - foot) / (font * 4))); // ticks
    const kind = `${gutter} ${font}`;
    if (this.kind === kind) return this.u.setSize({ width: this.width, height: this.height });
    this.kind = kind;
    this.u?.destroy();
    this.u = plot(this);
    this.over = overlay(this.u.over, (x) => this.tell(x));
  }

  intact() {
    return super.intact() && this.signature === signature(this.element) && (!this.u || this.plot.contains(this.u.root));
  }

  destroy() {
    super.destroy();
    this.u?.destroy();
  }

  get limited() {
    return "limited" in this.element.dataset;
  }

  // floating: the y axis spans what is in view, for counts that grow.
  get floating() {
    return "floating" in this.element.dataset;
  }

  // numbers gives a line's own numbers in view: values and, for each, the highest.
  numbers(line) {
    const k = this.layers.indexOf(line);
    return [this.own[2 * k + 1], this.own[2 * k]];
  }

  picture() {
    this.u.setData(columns(this));
    this.over.show();
    if (view.crosshair() !== null || this.due("legend", view.motion() ? 200 : 1000)) this.legend();
  }

  // crossed follows the pointer without drawing the plot anew.
  crossed() {
    if (!this.u || !this.seen || view.tables()) return;
    this.over.show();
    this.legend();
  }

  // tell names the marks near the pointer.
  tell(x) {
    const perPx = view.span() / this.u.over.clientWidth;
    return marks.near(view.range()[0] + x * perPx, 7 * perPx);
  }

  blank() {
    return this.top === 0;
  }

  sentence() {
    if (this.blank() || !this.u) return "nothing has happened.";
    const parts = this.lines.map((line) => `${line.label} ${newest(line, ...this.numbers(line), ", ")}`);
    return `${parts.join("; ")} ${this.unit}.`;
  }

  // --- legend: what is under the crosshair, exactly; else the newest, and the peak in view ---

  legend() {
    const time = view.crossTime();
    const i = time === null ? -1 : nearest(this.u.data[0], time / 1000);
    for (const line of this.lines) {
      const [values, highs] = this.numbers(line);
      const text = time === null ? newest(line, values, highs, " · ") : under(values[i], highs[i]);
      if (line.output && line.output.textContent !== text) line.output.textContent = text;
    }
  }

  // --- table ---

  tabulate() {
    const readers = this.lines.map(series.reader);
    const heads = this.lines.flatMap(({ label, rate, last }) => (rate || last ? [label] : [`${label}, mean`, `${label}, highest`]));
    const head = [{ head: "From" }, ...heads.map((text) => ({ head: text, number: true })), { head: "Marks" }];
    const rows = table.slots().map(([from, to, start]) => [
      view.clock(start, view.span() < 12e3 ? 1 : 0),
      ...readers.flatMap((reader, k) => summary(reader, from, to, this.lines[k])),
      series.marksWithin(from, to - 0.001).map((m) => m.text).join("; "),
    ]);
    table.fill(this.twin, `${this.title}, ${this.unit}, ${view.said()}`, head, rows);
  }
}

// Counts are said in full: what is between two of them is what they are looked at for.
function newest(line, values, highs, between) {
  const say = line.last && !line.rate ? paint.exact : paint.brief;
  const last = values.findLast((v) => v !== null && v !== undefined) ?? null;
  const top = (list) => list.reduce((a, b) => Math.max(a, b ?? 0), 0);
  const peak = Math.max(top(values), top(highs));
  return say(last) + (peak > (last ?? 0) * 1.005 ? `${between}peak ${say(peak)}` : "");
}

function under(value, high) {
  return paint.exact(value) + (high > value * 1.005 ? ` · up to ${paint.exact(high)}` : "");
}

function nearest(xs, time) {
  let best = -1;
  for (let i = 0; i < xs.length; i++) if (best < 0 || Math.abs(xs[i] - time) < Math.abs(xs[best] - time)) best = i;
  return best;
}

// summary gives mean and highest of a part of the time, in words; of a rate the mean, of a
// count what it came to.
function summary(reader, from, to, line) {
  const [first, last] = series.within(from, to);
  let [sum, n, top, newest] = [0, 0, null, null];
  for (let i = first; i <= last; i++) {
    const end = series.ends()[i];
    const value = reader.value(i);
    if (end < from || end >= to || value === null) continue;
    sum += value;
    n++;
    top = Math.max(top ?? 0, reader.highest(i) ?? value);
    newest = value;
  }
  if (line.last && !line.rate) return [paint.exact(newest)];
  const mean = paint.exact(n ? sum / n : null);
  return line.rate ? [mean] : [mean, paint.exact(top)];
}

// --- all charts ---

let all = null;

// sync follows the page; call it after each merge.
export function sync() {
  series.want(all.elements().flatMap(namesOf));
  all.sync();
  view.mark();
}

export function start() {
  series.start();
  all = following("figure[data-chart]", (figure) => new Chart(figure));
  sync();
}
