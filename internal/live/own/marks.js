// Marks: a setting changed, a crash, a load began. Thin lines with a short label, the same on
// every chart of the page. Their full text is in the tooltip and in the tables.

import * as series from "./series.js";
import * as view from "./view.js";
import { colour, fit, measure, type } from "./paint.js";

const rows = 2;
const colours = { crash: "failed", restart: "done" };
const tint = (mark) => colours[mark.kind] ?? "ink";

// draw draws the marks of a range into an area {left, top, width, height}, with their labels
// above it in two rows. from is where labels may begin.
export function draw(c, area, from, font) {
  const [begin, end] = view.range();
  const x = (at) => Math.round(area.left + ((at - begin) / (end - begin)) * area.width) + 0.5;
  const seen = series.marksWithin(begin, end);
  c.save();
  type(c, font - 1);
  const labels = arrange(c, seen, x, from, area);
  lines(c, seen, x, area);
  for (const label of labels) write(c, label, area.top, font);
  c.restore();
}

// lines are one for all marks that would touch. Where there are very many they are faint, so
// that the plot stays legible.
function lines(c, seen, x, area) {
  const alpha = seen.length > 40 ? 0.15 : 0.45;
  let last = Infinity;
  for (const mark of seen.toReversed()) {
    const at = x(mark.at);
    const crash = mark.kind === "crash";
    if (last - at < 4 && !crash) continue;
    last = at;
    c.fillStyle = colour(tint(mark), crash ? 2 * alpha : alpha);
    c.fillRect(Math.round(at - 0.5), area.top, crash ? 2 : 1, area.height);
  }
}

// arrange goes from the newest mark to the oldest. The upper row is taken where the line down
// from it crosses no label of the lower one; a mark without room is counted with its right
// neighbour.
function arrange(c, seen, x, from, area) {
  const edges = [area.left + area.width, area.left + area.width]; // free up to here: upper, lower
  const labels = [];
  let crossing = Infinity; // the last line that comes down from the upper row
  for (const mark of seen.toReversed()) {
    const at = x(mark.at);
    const text = fit(c, mark.text, Math.min(240, area.width * 0.6));
    const upper = spot(c, text, at, from);
    const lower = spot(c, text, at, area.left);
    const label = { mark, at, text, more: 0 };
    if (upper && Math.max(upper.right, at) <= edges[0] && at <= edges[1]) Object.assign(label, upper, { row: 0 });
    else if (lower.right <= edges[1] && lower.right < crossing) Object.assign(label, lower, { row: 1 });
    else {
      if (labels.length) labels.at(-1).more++;
      continue;
    }
    if (label.row === 0) crossing = at;
    edges[label.row] = Math.min(label.left, at) - 6;
    labels.push(label);
  }
  return labels;
}

// spot gives the place of a label: it ends at its line, or begins there where the left has no
// room. There is room for a count at the far end.
function spot(c, text, at, from) {
  const width = measure(c, text) + measure(c, "+99 ");
  if (at - 5 - width >= from) return { left: at - 5 - width, right: at, turned: false };
  return at + 5 >= from ? { left: at + 5, right: at + 5 + width, turned: true } : null;
}

function write(c, label, top, font) {
  const base = top - (rows - 1 - label.row) * Math.round(font * 1.3) - 5;
  const tone = tint(label.mark);
  c.fillStyle = colour(tone, label.mark.kind === "crash" ? 0.9 : 0.45);
  c.fillRect(Math.round(label.at - 0.5), base - font + 3, 1, top - base + font - 3);
  c.textAlign = label.turned ? "left" : "right";
  c.textBaseline = "alphabetic";
  c.fillStyle = colour(tone === "ink" ? "soft" : tone);
  const count = label.more ? `+${Math.min(label.more, 99)}` : "";
  const text = label.turned ? `${label.text} ${count}` : `${count} ${label.text}`;
  c.fillText(text.trim(), label.turned ? label.at + 5 : label.at - 5, base);
}

// near gives the marks within so many ms of a time, in words.
export function near(time, reach) {
  return series.marksWithin(time - reach, time + reach).map(words);
}

export const words = (mark) => `${view.clock(mark.at)} ${mark.kind}: ${mark.text}`;
