// The keyboard. Chapters: the map, pressing, the list of all keys.

import * as view from "./view.js";

const patience = 1200; // ms between g and the letter of a page

// Keys without a modifier can be in the way of those who speak to their machine: they can be
// switched off, and the switch is remembered.
function remembered() {
  try {
    return localStorage.getItem("afflux-keys") !== "off";
  } catch {
    return true; // storage is closed to us
  }
}

let listening = remembered();

function listen(on) {
  listening = on;
  try {
    localStorage.setItem("afflux-keys", on ? "on" : "off");
  } catch {
    // Not remembered then.
  }
}

// --- the map ---

const keys = new Map();

// bind gives a key a deed, told in words by the list; a later one replaces an earlier.
function bind(key, words, fn) {
  keys.set(key, { words, fn });
}

bind(" ", "freeze the view, or follow again; recording goes on", () => view.freeze());
bind("[", "back by a quarter of the window", () => view.scrub(-1));
bind("]", "forth by a quarter of the window", () => view.scrub(1));
bind("Escape", "back to the live view", () => view.back());
bind("t", "tables instead of charts", () => view.setTables());
bind("m", "motion on or off", () => view.setMotion());
bind("?", "these keys", () => list());

const pages = () => [...document.querySelectorAll("nav [data-key]")];
const names = { " ": "Space", Escape: "Esc" };

// --- pressing ---

let going = 0; // until when a letter after g names a page

// A dialog that was just closed keeps the focus until the next frame: what is out of sight
// takes no letters.
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]")?.checkVisibility();
const pressable = (target) => target.closest?.("button, summary");

function press(event) {
  if (!listening || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === " " && pressable(event.target)) return;
  if (go(event)) return;
  const key = keys.get(event.key);
  if (!key || (event.repeat && !"[]".includes(event.key))) return;
  event.preventDefault();
  key.fn(event);
}

function go(event) {
  const under = performance.now() < going;
  going = 0;
  if (event.key === "g" && !under) {
    going = performance.now() + patience;
    return true;
  }
  const link = under && pages().find((page) => page.dataset.key === event.key);
  if (link) link.click();
  return Boolean(link);
}

// --- the list of all keys ---

let dialog = null;

function list() {
  dialog?.remove();
  dialog = element("dialog", { className: "keys" });
  dialog.setAttribute("aria-labelledby", "keys-title");
  const title = element("h2", { id: "keys-title", textContent: "Keys" });
  const rows = element("dl");
  for (const page of pages()) rows.append(...row(["g", page.dataset.key], page.textContent.trim()));
  for (const [key, { words }] of keys) rows.append(...row([names[key] ?? key], words));
  const works = element("input", { type: "checkbox", checked: listening });
  works.addEventListener("change", () => listen(works.checked));
  const choice = element("label", { className: "keys-switch" });
  choice.append(works, " These keys work");
  const done = element("button", { type: "button", textContent: "Close" });
  done.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.append(title, rows, choice, done);
  document.body.append(dialog);
  dialog.showModal();
}

function row(pressed, words) {
  const term = element("dt");
  for (const key of pressed) term.append(element("kbd", { textContent: key }), " ");
  return [term, element("dd", { textContent: words })];
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}

export function start() {
  document.addEventListener("keydown", press);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-keys]")) list();
  });
}
