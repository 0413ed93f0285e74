// Requests from this browser: as many as are asked for, a few at a time, counted as they are
// answered. Chapters: asking for it, sending, words, beginning.

import * as page from "./page.js";
import * as paint from "./paint.js";

// A browser has six connections to a host: one is the stream's, and forms want one.
const atOnce = 4;
const patience = 10e3; // ms for an answer
const hopeless = 4; // requests in a row without an answer
const refusals = [429, 500, 503]; // a busy lab's answers; after any other there is no point in going on

const runs = new Map(); // by element

// --- asking for it ---

function click(event) {
  const button = event.target.closest?.("[data-enqueue] button");
  const element = button?.closest("[data-enqueue]");
  if (!button) return;
  if ("stop" in button.dataset) runs.get(element)?.stop.abort("stopped");
  if ("send" in button.dataset) ask(element, button.dataset.send || part(element, "input").value);
}

function press(event) {
  const input = event.target.closest?.("[data-enqueue] input");
  if (!input || event.key !== "Enter") return;
  event.preventDefault();
  ask(input.closest("[data-enqueue]"), input.value);
}

function ask(element, typed) {
  if (runs.has(element)) return;
  const most = Number(element.dataset.most);
  const wanted = Number(typed.replaceAll(/[\s,_]/g, "") || NaN);
  const fits = Number.isInteger(wanted) && wanted >= 1 && wanted <= most;
  wrong(element, fits ? "" : `A whole number from 1 to ${paint.exact(most)}, please.`);
  if (fits) send(element, wanted);
}

const part = (element, selector) => element.querySelector(selector);

function wrong(element, text) {
  const words = part(element, "[data-wrong]");
  words.textContent = text;
  words.hidden = text === "";
  const input = part(element, "input");
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  input.setAttribute("aria-describedby", text ? `${words.id} ${input.id}-hint` : `${input.id}-hint`);
  if (text) input.focus();
}

// --- sending ---

async function send(element, wanted) {
  const run = { wanted, begun: 0, accepted: 0, refused: new Map(), lost: 0, open: 0, silent: 0, why: "", stop: new AbortController() };
  runs.set(element, run);
  busy(element, true);
  const telling = setInterval(() => tell(element, run), 250);
  tell(element, run);
  await Promise.all(Array.from({ length: Math.min(atOnce, wanted) }, () => worker(element.dataset.path, run)));
  clearInterval(telling);
  runs.delete(element);
  run.over = true;
  busy(element, false);
  tell(element, run);
  part(element, "[data-ended]").textContent = words(run);
}

async function worker(path, run) {
  while (run.begun < run.wanted && !run.stop.signal.aborted) {
    run.begun++;
    await one(path, run);
  }
}

async function one(path, run) {
  const { signal } = run.stop;
  try {
    const answer = await fetch(path, { method: "POST", cache: "no-store", credentials: "same-origin", redirect: "manual", signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) });
    const text = await answer.text();
    run.silent = 0;
    if (answer.ok) run.accepted++;
    else refused(run, answer.status, text || (answer.type === "opaqueredirect" ? "the lab asks for a login" : ""));
  } catch {
    if (signal.aborted) run.open++; // whether it arrived is not known
    else lost(run);
  }
}

function refused(run, status, text) {
  run.refused.set(status, (run.refused.get(status) ?? 0) + 1);
  run.why = text.trim().split("\n")[0].slice(0, 120);
  if (!refusals.includes(status)) run.stop.abort("unwanted");
}

function lost(run) {
  run.lost++;
  if (++run.silent >= hopeless) run.stop.abort("hopeless");
}

// --- words ---

function busy(element, on) {
  for (const button of element.querySelectorAll("[data-send]")) button.setAttribute("aria-disabled", String(on)); // disabled, it would lose the focus
  const stop = part(element, "[data-stop]");
  const leaving = !on && document.activeElement === stop;
  stop.hidden = !on;
  part(element, ".enqueue-told").hidden = false;
  part(element, "progress").hidden = !on;
  if (leaving) part(element, "input").focus();
}

function tell(element, run) {
  const told = part(element, "[data-told]");
  const text = words(run);
  if (told.textContent !== text) told.textContent = text;
  Object.assign(part(element, "progress"), { max: run.wanted, value: answered(run) });
}

const refusedOf = (run) => [...run.refused.values()].reduce((sum, n) => sum + n, 0);
const answered = (run) => run.accepted + refusedOf(run) + run.lost;

function words(run) {
  const parts = [`${paint.exact(run.accepted)} of ${paint.exact(run.wanted)} accepted`];
  const refused = refusedOf(run);
  if (refused) parts.push(`${paint.exact(refused)} refused (${[...run.refused.keys()].filter(Boolean).join(", ")}${run.over && run.why ? `: ${run.why}` : ""})`);
  if (run.lost) parts.push(`${paint.exact(run.lost)} without an answer`);
  if (run.open) parts.push(`${paint.exact(run.open)} broken off: they may have arrived`);
  if (run.stop.signal.reason === "stopped") parts.push("stopped");
  if (run.stop.signal.reason === "unwanted") parts.push("stopped, for this lab takes none from here");
  if (run.stop.signal.reason === "hopeless") parts.push("stopped, for the lab does not answer");
  return `${parts.join("; ")}.`;
}

// --- beginning ---

// Nothing is left running when the page goes, or when a merge takes the control away.
function leave() {
  for (const run of runs.values()) run.stop.abort("left");
}

function sync() {
  for (const [element, run] of runs) if (!element.isConnected) run.stop.abort("left");
}

export function start() {
  document.addEventListener("click", click);
  document.addEventListener("keydown", press);
  addEventListener("pagehide", leave);
  page.onMerge(sync);
}
