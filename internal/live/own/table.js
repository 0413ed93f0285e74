// The table twin of a chart: the same numbers as real tables, for whoever cannot or does not
// want to read a picture.

import * as view from "./view.js";
import { period } from "./axis.js";

// fill makes the element hold one table: columns [{head, number}], rows of texts. Cells are
// written only when they change, so that a selection and the place of reading are kept.
export function fill(holder, caption, columns, rows) {
  const table = shaped(holder, columns, rows.length);
  write(table.caption, caption);
  holder.ariaLabel = caption;
  columns.forEach((column, i) => write(table.tHead.rows[0].cells[i], column.head));
  rows.forEach((cells, r) => cells.forEach((text, i) => write(table.tBodies[0].rows[r].cells[i], text)));
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function shaped(holder, columns, height) {
  const key = columns.map((c) => (c.number ? "n" : "t")).join("");
  let table = holder.querySelector("table");
  if (table?.dataset.shape !== key) {
    table = build(columns, key);
    holder.replaceChildren(table);
  }
  const body = table.tBodies[0];
  while (body.rows.length > height) body.deleteRow(-1);
  while (body.rows.length < height) extend(body, columns);
  return table;
}

function build(columns, key) {
  const table = document.createElement("table");
  table.className = "data";
  table.dataset.shape = key;
  table.createCaption().className = "hidden"; // the figure's own caption is seen above
  const row = table.createTHead().insertRow();
  for (const column of columns) row.append(cell("th", column, "col"));
  table.createTBody();
  return table;
}

function extend(body, columns) {
  const row = body.insertRow();
  columns.forEach((column, i) => row.append(i ? cell("td", column) : cell("th", column, "row")));
}

function cell(kind, column, scope) {
  const element = document.createElement(kind);
  if (column.number) element.className = "n";
  if (scope) element.scope = scope;
  return element;
}

// slots cut the range into 12 to 24 round pieces, newest first.
export function slots() {
  const [from, to] = view.range();
  const step = period((to - from) / 20);
  const all = [];
  for (let end = Math.ceil(to / step) * step; end > from && all.length < 24; end -= step)
    all.push([Math.max(end - step, from), Math.min(end, to), end - step]);
  return all;
}
