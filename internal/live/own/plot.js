// A chart's plot: uPlot's options and numbers, and what is drawn beside them. Chapters:
// options, columns, decoration, areas between lines, shapes, limit.

import uPlot from "./borrowed/uPlot.esm.js";
import * as axis from "./axis.js";
import * as marks from "./marks.js";
import * as paint from "./paint.js";
import * as series from "./series.js";
import * as view from "./view.js";

const spacing = 120; // px between the shapes along a line

// plot makes the uPlot of a chart.
export function plot(chart) {
  return new uPlot(options(chart), columns(chart), chart.plot);
}

// --- options ---

function options(chart) {
  const { font, gutter, foot, head, edge } = chart.sizes;
  const gap = Math.round(font / 2);
  const shared = { font: paint.typeface(font), stroke: () => paint.colour("soft"), ticks: { show: false }, gap };
  const times = { ...shared, size: foot, gap: Math.round(font * 0.7), grid: { show: false }, splits, values: clocks };
  const numbers = {
    ...shared,
    size: gutter,
    grid: { stroke: () => paint.colour("line"), width: 1 },
    splits: () => chart.ticks,
    values: (u, list) => paint.ticks(list),
  };
  return {
    width: chart.width,
    height: chart.height,
    padding: [head, edge, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: () => view.range().map((ms) => ms / 1000) },
      y: { range: () => heights(chart.ticks) },
    },
    axes: [times, numbers],
    series: [{}, ...chart.layers.flatMap(strokes)],
    bands: chart.layers.map((line, k) => ({ series: [2 * k + 1, 2 * k + 2], fill: () => paint.colour(line.colour, 0.22) })),
    hooks: { drawAxes: [(u) => inPixels(u, ground, chart)], draw: [(u) => inPixels(u, decorate, chart)] },
  };
}

// From the first tick to a little above the last, so that a line up there is seen in full.
const heights = (list) => [list[0], list.at(-1) + (list.at(-1) - list[0]) * 0.02];

// Two for each line: the highest, faint, and the mean.
function strokes(line) {
  const both = { points: { show: false }, spanGaps: false };
  const mean = { ...both, width: line.area || line.stack ? 1.5 : 2, stroke: () => paint.colour(line.colour) };
  if (line.area) mean.fill = () => paint.colour(line.colour, 0.3);
  return [{ ...both, width: 1, stroke: () => paint.colour(line.colour, 0.45) }, mean];
}

const inner = (u) => u.bbox.width / uPlot.pxRatio;
const ticks = (u) => axis.times(inner(u), paint.sizes().font);
const splits = (u) => ticks(u).list.map((ms) => ms / 1000);

function clocks(u, seconds) {
  const { every } = ticks(u);
  return seconds.map((s) => axis.said(Math.round(s * 1000), every, inner(u), paint.sizes().font));
}

// --- columns ---

// columns are the numbers in view as uPlot wants them: times, then highest and mean of each
// line, as they are drawn; the lines' own numbers are told in chart.own. The ticks follow what
// is in view, and so are found here.
export function columns(chart) {
  const [first, last] = series.within(...view.range());
  const readers = chart.layers.map(series.reader);
  const xs = [];
  const own = readers.flatMap(() => [[], []]);
  for (let i = first; i <= last; i++) {
    if (series.gapBefore(i)) push(xs, own, series.ends()[i - 1] + series.step(), own.map(() => null));
    else if (chart.floating && series.begunAgain(i)) push(xs, own, (series.ends()[i - 1] + series.ends()[i]) / 2, own.map(() => null));
    push(xs, own, series.ends()[i], readers.flatMap((reader) => [reader.highest(i), reader.value(i)]));
  }
  chart.own = own;
  const ys = drawn(chart, own);
  const top = ys.reduce((most, column) => column.reduce((a, b) => Math.max(a, b ?? 0), most), 0);
  chart.top = top;
  chart.ticks = chart.floating ? floating(chart, ys, top) : axis.nice(Math.max(top, limitInView(chart.limited ? newestLimit(last) : 0, top), 1), chart.wanted, chart.whole);
  return [xs, ...ys];
}

function floating(chart, ys, top) {
  const low = ys.reduce((least, column) => column.reduce((a, b) => Math.min(a, b ?? a), least), top);
  return axis.around(low, top, chart.wanted, chart.whole);
}

// drawn are the columns as they are drawn. A line of a stack stands on the one below it. A band
// that is nowhere wider than its line is left out: clipping is what costs most.
function drawn(chart, own) {
  chart.edges = new Map();
  for (const line of chart.lines) {
    const values = own[2 * chart.layers.indexOf(line) + 1];
    const below = line.stack && chart.edges.get(line.base);
    chart.edges.set(line, below ? values.map((v, i) => (v === null || below[i] === null ? null : v + below[i])) : values);
  }
  return chart.layers.flatMap((line, k) => {
    const [highs, edge] = [own[2 * k], chart.edges.get(line)];
    const level = line.stack || highs.every((high, i) => high === edge[i]);
    return [level ? highs.map(() => null) : highs, edge];
  });
}

const newestLimit = (i) => series.reader({ name: "limit" }).value(i) ?? 0;

// push adds a row. Where nothing changes the last point is moved on instead: a level line
// needs two points, and drawing is what costs.
function push(xs, ys, time, row) {
  const n = xs.length;
  const level = n > 1 && row.every((y, k) => y === ys[k][n - 1] && y === ys[k][n - 2]);
  if (level) xs[n - 1] = time / 1000;
  else {
    xs.push(time / 1000);
    row.forEach((y, k) => ys[k].push(y));
  }
}

// A limit far above the line would press it flat: then only an arrow tells of it.
function limitInView(limit, top) {
  return limit <= Math.max(top, 1) * 3 || top === 0 ? limit * 1.1 : 0;
}

// --- decoration ---

// inPixels has something drawn in CSS pixels; area is where the lines are.
function inPixels(u, draw, chart) {
  const ratio = uPlot.pxRatio;
  const [left, top, width, height] = [u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height].map((n) => n / ratio);
  u.ctx.save();
  u.ctx.scale(ratio, ratio);
  draw(u.ctx, chart, u, { left, top, width, height });
  u.ctx.restore();
}

// ground is what lies under the lines.
function ground(c, chart, u, area) {
  between(c, chart, u, area);
  limitLine(c, chart, u, area);
}

function decorate(c, chart, u, area) {
  const { font } = chart.sizes;
  marks.draw(c, area, heading(c, chart.unit, area, font), font);
  shapes(c, chart, u, area);
}

// heading writes the unit above the axis, and returns where the labels of marks may begin.
export function heading(c, text, area, font) {
  paint.type(c, font);
  c.fillStyle = paint.colour("soft");
  c.textAlign = "left";
  c.textBaseline = "alphabetic";
  const x = Math.max(0, area.left - Math.round(font / 2) - paint.measure(c, text));
  c.fillText(text, x, area.top - Math.round(font * 1.3) - 5);
  return Math.max(area.left, x + paint.measure(c, text) + 8);
}

// placing gives the place of a time in s and a value.
function placing(u, area) {
  const { x, y } = u.scales;
  const [right, up] = [area.width / (x.max - x.min), area.height / (y.max - y.min)];
  return ([time, value]) => [area.left + (time - x.min) * right, area.top + area.height - (value - y.min) * up];
}

// --- areas between lines: those of a stack, and from one line until the next ---

function between(c, chart, u, area) {
  const place = placing(u, area);
  c.save();
  c.beginPath();
  c.rect(area.left, area.top, area.width, area.height);
  c.clip();
  chart.lines.forEach((line, i) => {
    if (!line.stack && !line.until) return;
    // Neighbours in a stack differ in strength too, as in the legend.
    c.fillStyle = line.stack ? paint.colour(line.colour, i % 2 ? 0.18 : 0.4) : paint.colour(line.base.colour, 0.18);
    const base = line.base && chart.edges.get(line.base);
    spread(c, place, u.data[0], chart.edges.get(line), base);
  });
  c.restore();
}

// spread fills from one line to another, or to 0, where both are known.
function spread(c, place, xs, edge, base) {
  const known = (i) => typeof edge[i] === "number" && (!base || typeof base[i] === "number");
  for (let from = 0; from < xs.length; from++) {
    if (!known(from)) continue;
    let to = from;
    while (to + 1 < xs.length && known(to + 1)) to++;
    c.beginPath();
    for (let i = from; i <= to; i++) c.lineTo(...place([xs[i], edge[i]]));
    for (let i = to; i >= from; i--) c.lineTo(...place([xs[i], base ? base[i] : 0]));
    c.fill();
    from = to;
  }
}

// --- shapes: at the end of each line, along it, and on its peak ---

function shapes(c, chart, u, area) {
  const [xs] = u.data;
  if (xs.length === 0) return;
  const { min, max } = u.scales.x;
  const radius = chart.sizes.font * 0.32;
  const right = area.width / (max - min);
  const place = placing(u, area);
  const ends = [];
  const lines = chart.layers.map((line, k) => ({ line, highs: u.data[2 * k + 1], ys: u.data[2 * k + 2], own: chart.own[2 * k + 1] }));
  for (const l of lines) l.end = endOf(xs, l.ys, max, place, ends);
  const stop = Math.min(...ends.map(([x]) => x)) - 16;
  lines.forEach(({ line, highs, ys, own, end }, k) => {
    if (!end) return;
    const places = along(xs, ys, own, spacing / right, k / lines.length).map(place);
    const [top, value] = peakOf(ys, highs);
    const peak = place([xs[top], value]);
    if (value > 0 && own[top] > 0 && places.every(([x]) => Math.abs(x - peak[0]) > spacing / 2)) places.push(peak);
    for (const [x, y] of places) if (x > area.left + 8 && x < stop) paint.shape(c, line.colour, x, y, radius);
    paint.shape(c, line.colour, ...end, radius * 1.25);
  });
}

// along finds where a line's shapes stand: at round times, so that they move with it, and
// between those of the other lines. A line at zero has nothing to show.
function along(xs, ys, own, every, shift) {
  const found = [];
  let i = 1;
  for (let x = (Math.ceil(xs[0] / every) + shift) * every; x <= xs.at(-1); x += every) {
    while (xs[i] < x) i++;
    const y = ys[i - 1] + ((ys[i] - ys[i - 1]) * (x - xs[i - 1])) / (xs[i] - xs[i - 1]);
    if (y > 0 && own[i] > 0 && ys[i - 1] !== null) found.push([x, y]);
  }
  return found;
}

function peakOf(ys, highs) {
  let [top, value] = [0, -1];
  for (let i = 0; i < ys.length; i++) {
    const y = highs[i] ?? ys[i] ?? -1;
    if (y > value) [top, value] = [i, y];
  }
  return [top, value];
}

// A line ends at the edge of the plot, or where its last number is. Ends at the same height
// stand side by side.
function endOf(xs, ys, max, place, taken) {
  const last = ys.findLastIndex((y) => y !== null);
  if (last < 0) return null;
  const before = Math.max(last - 1, 0);
  const share = xs[last] > max && ys[before] !== null ? (max - xs[before]) / (xs[last] - xs[before]) : 1;
  let [x, y] = place([Math.min(xs[last], max), ys[before] + (ys[last] - ys[before]) * share]);
  while (taken.some(([a, b]) => Math.abs(a - x) < 13 && Math.abs(b - y) < 13)) x -= 15;
  taken.push([x, y]);
  return [x, y];
}

// --- limit ---

// The limit as it was: a line in steps, with the number where it begins.
function limitLine(c, chart, u, area) {
  if (!chart.limited) return;
  for (const [from, to, limit] of stretches(...view.range())) {
    const x = (ms) => area.left + Math.min(Math.max((ms / 1000 - u.scales.x.min) / (u.scales.x.max - u.scales.x.min), 0), 1) * area.width;
    drawLimit(c, u, chart.sizes.font, { ...area, left: x(from), width: x(to) - x(from) }, limit);
  }
}

// stretches are the times in which one limit was in force: from, to, limit.
function stretches(begin, end) {
  const [first, last] = series.within(begin, end);
  const { value } = series.reader({ name: "limit" });
  const found = [];
  for (let i = first; i <= last; i++) {
    const limit = Math.round(value(i) ?? 0);
    const before = found.at(-1);
    if (before && before[2] === limit && !series.gapBefore(i)) before[1] = series.ends()[i];
    else found.push([before && !series.gapBefore(i) ? before[1] : series.ends()[i], series.ends()[i], limit]);
  }
  return found.filter(([, , limit]) => limit > 0);
}

function drawLimit(c, u, font, area, limit) {
  const { min, max } = u.scales.y;
  if (limit < min) return;
  const above = limit > max;
  const y = above ? area.top : Math.round(area.top + area.height * (1 - (limit - min) / (max - min)));
  const text = `limit ${paint.exact(limit)}${above ? " ↑" : ""}`;
  if (!above) {
    c.fillStyle = paint.colour("ink");
    c.fillRect(area.left, y, area.width, 1);
  }
  paint.type(c, font, 600);
  if (paint.measure(c, text) > area.width - 12) return;
  c.textAlign = "left";
  c.textBaseline = "alphabetic";
  const base = y - area.top > font + 8 ? y - 5 : y + font + 3;
  Object.assign(c, { lineWidth: 4, lineJoin: "round", strokeStyle: paint.colour("paper"), fillStyle: paint.colour("ink") });
  c.strokeText(text, area.left + 8, base);
  c.fillText(text, area.left + 8, base);
}
