// The flow in motion: dots run along its edges at the rate that each has. Without motion they
// go a step each second, and each edge tells what has passed. Chapters: what may move, dots,
// steps, following the page.

import * as page from "./page.js";
import * as paint from "./paint.js";
import * as stream from "./stream.js";
import * as view from "./view.js";

// --- what may move: what is looked at, of now, and connected ---

const figures = () => document.querySelectorAll("[data-flow]");
const unseen = new WeakSet();

const standing = () => document.hidden || view.frozen() || view.tables() || stream.state() !== "live";
const moves = (figure) => !standing() && !unseen.has(figure);

// --- dots: an animation for each path, by the path's id, so that it goes on where it was ---

const fastest = 12; // dots a second: more could not be told apart
const runs = new Map();

// The browser moves the dashes: one distance between dots a second, times the playback rate; by
// whole pixels, for a slow edge need not be painted sixty times a second.
function run(path, figure, before) {
  const apart = getComputedStyle(path).strokeDasharray.split(",").reduce((sum, part) => sum + parseFloat(part), 0);
  const animation = path.animate([{ strokeDashoffset: "0px" }, { strokeDashoffset: `${-apart}px` }], { duration: 1000, iterations: Infinity, easing: `steps(${apart})` });
  animation.pause();
  if (before) animation.currentTime = before.animation.currentTime % 1000;
  return { path, figure, animation, speed: before?.speed ?? speed(path, figure) };
}

const speed = (path, figure) => Math.min(Number(path.dataset.rate) / Number(figure.dataset.each), fastest);

function gather() {
  const met = new Set();
  for (const figure of figures()) {
    for (const path of figure.querySelectorAll("path[data-rate]")) {
      if (!path.checkVisibility()) continue;
      met.add(path.id);
      const known = runs.get(path.id);
      if (known?.path === path && known.figure === figure) continue;
      runs.set(path.id, run(path, figure, known));
      known?.animation.cancel();
    }
  }
  for (const [id, one] of runs) {
    if (met.has(id)) continue;
    one.animation.cancel();
    runs.delete(id);
  }
}

// A new speed is reached within half a second.
let easing = 0;

function ease() {
  clearTimeout(easing);
  let more = false;
  for (const one of runs.values()) {
    const wanted = speed(one.path, one.figure);
    const gap = wanted - one.speed;
    const near = Math.abs(gap) <= 0.03 * wanted || !view.motion();
    one.speed = near ? wanted : one.speed + gap * 0.35;
    more ||= !near && (one.speed > 0.01 || wanted > 0);
    if (one.animation.playbackRate !== one.speed) one.animation.updatePlaybackRate(one.speed);
  }
  drive();
  if (more) easing = setTimeout(ease, 60);
}

function drive() {
  const motion = view.motion();
  for (const { animation, figure, speed } of runs.values()) {
    const should = motion && speed > 0 && moves(figure);
    if (should && animation.playState !== "running") animation.play();
    if (!should && animation.playState === "running") animation.pause();
  }
}

// --- steps: once a second ---

const passed = new Map(); // by edge: what was not told yet, less than one
const texts = new Map(); // by edge
let stepping; // a timer

// A step is in proportion, but never a whole distance: one would not see it.
const stride = (speed) => (speed > 0 ? Math.min(Math.max(speed / 8, 0.125), 0.75) : 0);

function step() {
  for (const { animation, figure, speed } of runs.values()) {
    if (moves(figure)) animation.currentTime = (animation.currentTime + 1000 * stride(speed)) % 1000;
  }
  const counted = new Set();
  for (const figure of figures()) {
    if (!moves(figure)) continue;
    for (const { dataset } of figure.querySelectorAll("[data-passed]")) {
      if (counted.has(dataset.passed)) continue; // told at two places
      counted.add(dataset.passed);
      count(dataset.passed, Number(dataset.rate));
    }
  }
  tell();
}

function count(edge, rate) {
  const sum = (passed.get(edge) ?? 0) + rate;
  const whole = Math.floor(sum + 1e-9);
  passed.set(edge, sum - whole);
  texts.set(edge, `+${paint.exact(whole)}`);
}

function tell() {
  for (const element of document.querySelectorAll("[data-flow] [data-passed]")) write(element, view.motion() ? "" : (texts.get(element.dataset.passed) ?? "+0"));
  for (const element of document.querySelectorAll("[data-flow-state]")) write(element, ` · ${state()}`);
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function state() {
  if (["lost", "bye"].includes(stream.state())) return "no connection";
  if (view.frozen()) return "frozen";
  return view.motion() ? "live" : "motion off: a step each second, + what passed in it";
}

// --- following the page ---

function sync() {
  for (const figure of figures()) watch(figure);
  gather();
  ease();
  const steps = !view.motion() && !standing() && runs.size > 0;
  if (steps && !stepping) stepping = setInterval(step, 1000);
  if (!steps) stepping = clearInterval(stepping);
  if (view.motion()) passed.clear();
  tell();
  view.mark(); // the button of the table is new
}

const watched = new WeakSet();
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) unseen.delete(target);
    else unseen.add(target);
  }
  drive();
});
const size = new ResizeObserver(() => sync()); // it may be drawn the other way now

function watch(figure) {
  if (watched.has(figure)) return;
  watched.add(figure);
  sight.observe(figure);
  size.observe(figure);
}

export function start() {
  page.onMerge(sync);
  view.on((what) => what.some((w) => ["range", "motion", "tables"].includes(w)) && sync());
  stream.onState(sync);
  document.addEventListener("visibilitychange", sync);
  sync();
}
