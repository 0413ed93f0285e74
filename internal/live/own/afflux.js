// Afflux's pages work as plain HTML. This module makes them pleasant: it sends forms without
// leaving the page, keeps the values fresh, copies commands and switches the colours.
// Chapters: merging, keeping fresh, forms, copying, colours.

const root = document.documentElement;
const pause = 1000; // ms between two looks at the server
const patience = 5000; // ms until an answer counts as lost

// --- merging: the answer of the server becomes the page, node by node ---

const policy = globalThis.trustedTypes
  ? trustedTypes.createPolicy("afflux", { createHTML: (text) => text })
  : { createHTML: (text) => text };

const parse = (text) => new DOMParser().parseFromString(policy.createHTML(text), "text/html");

let morph; // idiomorph's, once it is loaded

// What the visitor opened stays open, whatever the server thinks.
const keepOpened = {
  beforeAttributeUpdated: (name, node) => !(name === "open" && node instanceof HTMLDetailsElement),
};

function merge(page) {
  for (const id of ["main", "strip"]) {
    const [now, next] = [document.getElementById(id), page.getElementById(id)];
    if (now && next) morph(now, next, { morphStyle: "outerHTML", callbacks: keepOpened });
  }
  document.title = page.title;
}

// A page of another path or of another build cannot be merged: go there.
function elsewhere(page, answer) {
  const { path, build } = page.documentElement.dataset;
  if (path === root.dataset.path && build === root.dataset.build) return false;
  if (path === root.dataset.path) location.reload();
  else location.assign(answer.url);
  return true;
}

// --- keeping fresh ---

const pulse = document.getElementById("pulse");
const discard = document.getElementById("discard");
const freeze = document.getElementById("freeze");
const view = { frozen: false, lost: false, at: new Date(), turn: 0 };

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
  if (view.lost) return ["lost", `connection lost, values from ${view.at.toTimeString().slice(0, 8)}`];
  if (view.frozen) return ["frozen", `frozen at ${view.at.toTimeString().slice(0, 8)}`];
  if (unsaved()) return ["held", "paused while an entry is unsaved"];
  return ["live", "live"];
}

// Words are written only when they change: the line is read aloud.
function show() {
  const [name, words] = state();
  root.dataset.view = name;
  if (pulse.textContent !== words) pulse.textContent = words;
  discard.hidden = !unsaved();
}

const resting = () => document.hidden || view.frozen || unsaved();

async function ask(address, options) {
  const answer = await fetch(address, { ...options, cache: "no-store", signal: AbortSignal.timeout(patience) });
  return [answer, await answer.text()];
}

// A page may carry any status, such as 404 or 422; a guard's short text is none.
const isPage = (answer) => (answer.headers.get("Content-Type") ?? "").startsWith("text/html");

// The page's own address: after a refused form without scripts the location is another.
const here = () => (location.pathname === root.dataset.path ? location.pathname + location.search : root.dataset.path);

async function look() {
  const turn = ++view.turn;
  try {
    const [answer, text] = await ask(here());
    if (!isPage(answer)) throw new Error(`status ${answer.status}`);
    view.lost = false;
    if (turn !== view.turn || resting()) return; // overtaken while the answer was under way
    const page = parse(text);
    if (elsewhere(page, answer)) return;
    merge(page);
    view.at = new Date();
  } catch {
    view.lost = true;
  }
}

async function keepFresh() {
  for (;;) {
    await new Promise((wake) => setTimeout(wake, pause));
    if (!resting() || (view.lost && !document.hidden)) await look();
    show();
  }
}

async function drop() {
  for (const form of document.querySelectorAll("#main form")) form.reset();
  for (const control of controls()) control.removeAttribute("aria-invalid");
  await look();
  show();
}

// --- forms ---

async function send(event) {
  const form = event.target;
  if (form.method !== "post" || "plain" in form.dataset || !form.closest("#main")) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const turn = ++view.turn; // an answer to a look from before this form is no longer wanted
  try {
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const [answer, text] = await ask(form.getAttribute("action"), { method: "POST", body });
    view.lost = false;
    if (turn === view.turn) take(answer, text, form);
  } catch {
    view.lost = true;
  } finally {
    form.ariaBusy = null;
    show();
  }
}

function take(answer, text, form) {
  if (!isPage(answer)) return refused(form, answer, text);
  const page = parse(text);
  if (elsewhere(page, answer)) return;
  merge(page);
  view.at = new Date();
}

// An answer that is no page, such as a guard's: its words, beside the form.
function refused(form, answer, text) {
  const words = document.createElement("p");
  words.className = "problem";
  words.role = "alert";
  words.textContent = `${answer.status}: ${text.trim().slice(0, 200)}`;
  form.after(words);
}

// The commands below a field follow what is typed into it.
function follow(event) {
  const typed = event.target.closest(".control")?.querySelectorAll("[data-typed]") ?? [];
  for (const piece of typed) piece.textContent = event.target.value.replaceAll("'", "'\\''");
  show();
}

// --- copying ---

async function copy(button) {
  const code = button.closest(".copyable").querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

// --- colours ---

function choose(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem("afflux-theme", theme);
  } catch {
    // Not remembered then.
  }
  showTheme();
}

function showTheme() {
  const chosen = root.dataset.theme ?? "system";
  for (const button of document.querySelectorAll("[data-theme-choice]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
}

// --- beginning ---

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (button?.dataset.themeChoice) choose(button.dataset.themeChoice);
  if (button && "copy" in button.dataset) copy(button);
});
showTheme();

async function begin() {
  const { Idiomorph } = await import("./borrowed/idiomorph.esm.js");
  morph = Idiomorph.morph;
  root.classList.add("live");
  document.addEventListener("submit", send);
  document.addEventListener("input", follow);
  document.addEventListener("visibilitychange", show);
  discard.addEventListener("click", drop);
  freeze.addEventListener("click", () => {
    view.frozen = !view.frozen;
    freeze.setAttribute("aria-pressed", String(view.frozen));
    show();
  });
  show();
  keepFresh();
}

if ("merge" in root.dataset) begin();
