// The observer's page. Chapters: choosing a node, the tree, sorting, keeping a node fresh.

import * as page from "./page.js";
import * as stream from "./stream.js";

const onPage = () => document.querySelector(".watching");
const query = () => new URLSearchParams(location.search);

// --- choosing: links that change a part of the page's address ---

function addressOf(link) {
  const next = query();
  next.delete("confirm");
  if ("pick" in link.dataset) {
    if (link.dataset.pick) next.set("node", link.dataset.pick);
    else next.delete("node");
  }
  if ("confirm" in link.dataset) next.set("confirm", "kill");
  if (link.dataset.over) next.set("over", link.dataset.over);
  const text = next.toString();
  return text ? `${location.pathname}?${text}` : location.pathname;
}

async function choose(event) {
  const link = event.target.closest?.("a[data-pick], a[data-over]");
  if (!link || !onPage() || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { confirm, pick } = link.dataset;
  await page.go(addressOf(link));
  if (confirm !== undefined) document.getElementById("leave-alone")?.focus();
  else if (link.id === "leave-alone") document.getElementById("kill")?.focus();
  else if (pick) reveal(document.getElementById("detail"));
}

// On a narrow screen the detail stands below all else.
function reveal(element) {
  if (element && element.getBoundingClientRect().top > innerHeight) element.scrollIntoView({ block: "start" });
}

// --- the tree: as a graph or a list, and searching it ---

let drawnAs = matchMedia("(min-width: 40rem)").matches ? "graph" : "list"; // a list needs less room
let flashed = ""; // what was searched when it last flashed

function drawAs(kind) {
  drawnAs = kind;
  mark();
}

function find() {
  const wanted = document.getElementById("find")?.value.trim().toLowerCase() ?? "";
  const found = [];
  for (const node of document.querySelectorAll(".kin")) {
    const is = wanted !== "" && node.dataset.pick.toLowerCase().includes(wanted);
    node.classList.toggle("found", is);
    if (is) found.push(node);
  }
  const words = wanted === "" ? "" : found.length ? `found: ${found.map((n) => n.dataset.pick).join(", ")}` : `nothing is named ${wanted}`;
  const told = document.getElementById("found");
  if (told && told.textContent !== words) told.textContent = words;
  document.getElementById("find")?.classList.toggle("none", wanted !== "" && !found.length);
  if (wanted && wanted !== flashed && found[0]) found[0].scrollIntoView({ block: "nearest", inline: "nearest" });
  flashed = wanted;
  return found;
}

function mark() {
  if (!onPage()) return;
  for (const button of document.querySelectorAll("[data-tree-as]")) {
    button.ariaPressed = String(button.dataset.treeAs === drawnAs);
  }
  document.getElementById("kin-tree")?.classList.toggle("graph", drawnAs === "graph");
  const chosen = query().get("node");
  for (const link of document.querySelectorAll("[data-pick]")) {
    if (link.dataset.pick && link.dataset.pick === chosen) link.ariaCurrent = "true";
    else link.ariaCurrent = null;
  }
  find();
  sort();
}

// --- sorting: a click on a heading, kept while the table is drawn anew ---

let order = null; // {column, down}

function head() {
  return [...document.querySelectorAll("[data-sortable] thead th")];
}

function turn(column) {
  const numbers = head()[column].dataset.sort !== "text";
  if (order?.column !== column) order = { column, down: numbers };
  else order = order.down === numbers ? { column, down: !numbers } : null;
  if (order === null) page.soon();
  sort();
}

function sort() {
  for (const [column, th] of head().entries()) {
    th.ariaSort = order?.column === column ? (order.down ? "descending" : "ascending") : null;
  }
  const body = document.querySelector("[data-sortable] tbody");
  if (!order || !body) return;
  const key = (row) => row.cells[order.column].dataset.by ?? row.cells[order.column].textContent;
  const rows = [...body.rows];
  const numbers = rows.every((row) => row.cells[order.column].dataset.by !== undefined);
  rows.sort((a, b) => (numbers ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b))) * (order.down ? -1 : 1));
  arrange(body, rows);
}

// Only rows out of place are moved, and who had the focus keeps it: to move an element takes
// it away.
function arrange(body, rows) {
  const focused = document.activeElement;
  for (const [i, row] of rows.entries()) {
    if (body.rows[i] !== row) body.insertBefore(row, body.rows[i]);
  }
  if (focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
}

// --- keeping a node fresh: what is chosen is drawn for its visitor alone ---

const every = 1000; // ms
let asked = 0;

function follow() {
  const now = performance.now();
  if (!onPage() || !query().get("node") || now - asked < every) return;
  asked = now;
  page.soon();
}

// Where a dialog stands, Escape leaves it.
function leave(event) {
  const confirm = document.getElementById("confirm-kill");
  if (event.key !== "Escape" || !confirm) return;
  event.preventDefault();
  confirm.querySelector("a[data-pick]").click();
}

export function start() {
  document.addEventListener("click", (event) => {
    const as = event.target.closest?.("[data-tree-as]");
    const head = event.target.closest?.(".sorter")?.closest("th");
    if (as) drawAs(as.dataset.treeAs);
    else if (head) turn(head.cellIndex);
    else choose(event);
  });
  document.addEventListener("input", (event) => event.target.id === "find" && find());
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "find" && event.key === "Enter") find()[0]?.click();
    else leave(event);
  });
  stream.on("values", follow);
  page.onMerge(mark);
  mark();
}
