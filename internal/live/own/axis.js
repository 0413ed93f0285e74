// Axes: round ticks for numbers and times, alike in charts and timeline.

import * as view from "./view.js";

// nice gives ticks from 0 to at least max: round numbers, whole ones for things that are counted.
export const nice = (max, wanted, whole) => ticks(0, max, stepOf(max / wanted, whole));

// around gives ticks from at most low to at least high, for what need not begin at 0.
export function around(low, high, wanted, whole) {
  const step = stepOf(Math.max(high - low, whole ? 1 : Math.abs(high) / 1e6 || 1) / wanted, whole);
  return ticks(Math.floor(low / step + 0.001) * step, high, step);
}

function stepOf(raw, whole) {
  const power = 10 ** Math.floor(Math.log10(raw));
  const round = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
  return whole ? Math.max(1, round) : round;
}

function ticks(from, to, step) {
  const count = Math.max(1, Math.ceil((to - from) / step - 0.001));
  return Array.from({ length: count + 1 }, (_, i) => Number((from + i * step).toPrecision(12)));
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const periods = [
  ...[20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 4, 6, 12, 24].map((n) => n * hour),
];

// period gives a round time of at least so many ms.
export const period = (ms) => periods.find((p) => p >= ms) ?? periods.at(-1);

// times gives ticks at round local times, as close as their labels allow on so many px.
export function times(width, font) {
  const [from, to] = view.range();
  const every = period(((to - from) * font * 6.5) / Math.max(width, 1));
  const zone = new Date(to).getTimezoneOffset() * minute;
  const list = [];
  for (let t = Math.ceil((from - zone) / every) * every + zone; t <= to; t += every) list.push(t);
  return { list, every };
}

// said is a tick in words. One at the right edge would be cut: it appears when there is room.
export function said(time, every, width, font) {
  const [from, to] = view.range();
  if (((to - time) / (to - from)) * width < font * 1.6) return "";
  if (every >= minute) return view.clock(time).slice(0, 5);
  return view.clock(time, every >= second ? 0 : every >= 100 ? 1 : 2);
}
