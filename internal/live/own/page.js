// The page as the server draws it: fetched, and merged into what stands, node by node, so
// that focus, selection and open details stay. Chapters: merging, state, looking.

import { Idiomorph } from "./borrowed/idiomorph.esm.js";
import * as charts from "./charts.js";
import * as stream from "./stream.js";
import * as timeline from "./timeline.js";
import * as view from "./view.js";

const root = document.documentElement;
const patience = 5000; // ms until an answer counts as lost

// --- merging ---

const policy = globalThis.trustedTypes
  ? trustedTypes.createPolicy("afflux", { createHTML: (text) => text })
  : { createHTML: (text) => text };

const parse = (text) => new DOMParser().parseFromString(policy.createHTML(text), "text/html");

const drawn = (node) => node instanceof Element && node.hasAttribute("data-keep");

// What the visitor opened stays open, and what scripts have drawn stays drawn, whatever the
// server thinks.
const callbacks = {
  beforeAttributeUpdated: (name, node) => !(name === "open" && node instanceof HTMLDetailsElement),
  beforeNodeMorphed: (now, next) => !(drawn(now) && drawn(next)) && !(view.frozen() && alike(now, next)),
};

// A frozen page keeps its numbers when a form of it is sent: they belong to its charts.
const names = (node) => (node instanceof Element ? (node.dataset.live ?? node.dataset.panel) : undefined);
const alike = (now, next) => names(now) !== undefined && names(now) === names(next);

const after = new Set();

// onMerge calls fn when markup has come anew.
export const onMerge = (fn) => after.add(fn);

function merged() {
  charts.sync();
  timeline.sync();
  view.mark();
  for (const fn of after) fn();
}

function merge(page) {
  for (const id of ["main", "strip"]) {
    const [now, next] = [document.getElementById(id), page.getElementById(id)];
    if (now && next) Idiomorph.morph(now, next, { morphStyle: "outerHTML", callbacks });
  }
  document.title = page.title;
  root.dataset.spread = page.documentElement.dataset.spread;
  merged();
}

// fill puts markup into an element.
export function fill(element, markup) {
  const next = document.importNode(parse(markup).body, true);
  Idiomorph.morph(element, next.childNodes, { morphStyle: "innerHTML", callbacks });
  for (const fn of after) fn();
}

// A page of another path or of another build cannot be merged: go there.
function elsewhere(page, answer) {
  const { path, build } = page.documentElement.dataset;
  if (path === root.dataset.path && build === root.dataset.build) return false;
  if (path === root.dataset.path) location.reload();
  else location.assign(answer.url);
  return true;
}

// --- state: what the visitor is told about how fresh the page is ---

const pulse = document.getElementById("pulse");
const discard = document.getElementById("discard");
const freeze = document.getElementById("freeze");
let at = new Date(); // of the newest values

// fresh tells that the values on the page are those of now.
export function fresh() {
  at = new Date();
  if (root.dataset.view === "lost") show();
}

const controls = () => document.querySelectorAll("#main form :is(input, select, textarea)");

function edited(control) {
  if (control.type === "hidden") return false;
  if (control instanceof HTMLSelectElement) {
    const chosen = [...control.options].findIndex((option) => option.defaultSelected);
    return control.selectedIndex !== Math.max(chosen, 0);
  }
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  return control.value !== control.defaultValue;
}

const unsaved = () => [...controls()].some((c) => edited(c) || c.getAttribute("aria-invalid") === "true");

function state() {
  const since = at.toTimeString().slice(0, 8);
  if (stream.state() === "lost") return ["lost", `connection lost, values from ${since}`];
  if (stream.state() === "bye") return ["lost", `the lab is stopping, values from ${since}`];
  if (view.frozen()) return ["frozen", "frozen; recording goes on"];
  if (unsaved()) return ["held", "live; an entry is unsaved"];
  return ["live", "live"];
}

// Words are written only when they change: the line is read aloud.
export function show() {
  const [name, words] = state();
  root.dataset.view = name;
  if (pulse.textContent !== words) pulse.textContent = words;
  discard.hidden = !unsaved();
  freeze.setAttribute("aria-pressed", String(view.frozen()));
}

// --- looking: the page is fetched when something has changed that no value tells ---

let turn = 0; // an answer from before the newest question is no longer wanted
let due = 0; // the timer of the next look
let missed = false; // a look was due while the visitor held the page
let wanted = 0; // looks under way that the visitor has asked for: no other comes in between

export async function ask(address, options) {
  const answer = await fetch(address, { ...options, cache: "no-store", signal: AbortSignal.timeout(patience) });
  return [answer, await answer.text()];
}

// A page may carry any status, such as 404 or 422; a guard's short text is none.
export const isPage = (answer) => (answer.headers.get("Content-Type") ?? "").startsWith("text/html");

// The page's own address: after a refused form without scripts the location is another.
const here = () => (location.pathname === root.dataset.path ? location.pathname + location.search : root.dataset.path);

const held = () => document.hidden || view.frozen() || unsaved();

// soon looks within a time that grows with the number of viewers, as the server says: they
// do not all ask in the same moment.
export function soon() {
  if (held()) return (missed = true);
  if (!due) due = setTimeout(() => look(), Math.random() * Number(root.dataset.spread));
}

// resume makes up for a look that was missed.
export function resume() {
  show();
  if (missed && !held()) soon();
}

async function look(forced = false) {
  clearTimeout(due);
  due = 0;
  if (wanted && !forced) return (missed = true);
  missed = false;
  const mine = ++turn;
  try {
    const [answer, text] = await ask(here());
    if (mine !== turn) return;
    if (held() && !forced) missed = true;
    else if (isPage(answer)) take(answer, text);
  } catch {
    missed = true; // the stream tells that the connection is lost, and when it is back
  }
}

// begin is called before a form is sent; what it returns tells whether the answer is wanted.
export function begin() {
  const mine = ++turn;
  return () => mine === turn;
}

export function take(answer, text) {
  const page = parse(text);
  if (elsewhere(page, answer)) return;
  merge(page);
  show();
}

async function drop() {
  for (const form of document.querySelectorAll("#main form")) form.reset();
  for (const control of controls()) control.removeAttribute("aria-invalid");
  await look();
  show();
}

// go fetches another view of this page, as a link to its own path does. An entry that is
// not saved is the visitor's to give up: then it is the browser that asks.
export async function go(address) {
  if (unsaved()) return location.assign(address);
  history.replaceState(history.state, "", address);
  wanted++;
  await look(true);
  if (!--wanted) resume();
}

export function start() {
  discard.addEventListener("click", () => drop());
  freeze.addEventListener("click", () => view.freeze());
  document.addEventListener("visibilitychange", resume);
  stream.onState(resume);
  view.on((what) => {
    if (what.includes("range")) resume();
  });
  show();
}
