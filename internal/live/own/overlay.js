// What lies over a plot: the shared crosshair with its time, a tooltip, and dragging a part of
// the time to zoom into it. One for charts and timeline alike.

import * as view from "./view.js";

const threshold = 6; // px until a press counts as a drag

// overlay works on an element that covers exactly the plotting area. tell gives the lines of a
// tooltip at x, y in px, or nothing.
export function overlay(area, tell) {
  const cross = part(area, "cross");
  const time = part(cross, "cross-time");
  time.hidden = false;
  const choice = part(area, "choice");
  const tip = part(area, "tip");
  let pressed = null; // {x, range, dragging}
  let pointer = null; // the last place, for the tooltip while the view moves on

  const place = (event) => {
    const box = area.getBoundingClientRect();
    return [Math.min(Math.max(event.clientX - box.left, 0), box.width), event.clientY - box.top];
  };

  function move(event) {
    const [x, y] = place(event);
    if (pressed && Math.abs(x - pressed.x) > threshold) pressed.dragging = true;
    if (pressed?.dragging) return choose(x);
    pointer = [x, y];
    view.cross(x / area.clientWidth);
    explain();
  }

  function choose(x) {
    const left = Math.min(x, pressed.x);
    choice.hidden = false;
    choice.style.transform = `translateX(${left}px)`;
    choice.style.width = `${Math.abs(x - pressed.x)}px`;
  }

  function press(event) {
    if (event.button !== 0 || event.ctrlKey || event.metaKey) return;
    pressed = { x: place(event)[0], range: view.range(), dragging: false };
    area.setPointerCapture(event.pointerId);
  }

  // The range is the one of the moment of the press, for the view flows on under the pointer.
  function release(event) {
    const start = pressed;
    drop();
    if (!start?.dragging) return;
    const [from, to] = start.range;
    const at = (x) => from + (x / area.clientWidth) * (to - from);
    const [a, b] = [at(start.x), at(place(event)[0])].sort((p, q) => p - q);
    view.zoom(a, b);
  }

  function drop() {
    pressed = null;
    choice.hidden = true;
  }

  function leave() {
    if (pressed) return;
    pointer = null;
    tip.hidden = true;
    view.cross(null);
  }

  function explain() {
    const lines = pointer && tell(...pointer);
    tip.hidden = !lines?.length;
    if (tip.hidden) return;
    const text = lines.join("\n");
    if (tip.textContent !== text) tip.textContent = text;
    const left = Math.min(Math.max(pointer[0] + 14, 0), Math.max(area.clientWidth - tip.offsetWidth, 0));
    const below = pointer[1] + 18;
    const top = below + tip.offsetHeight > area.clientHeight ? pointer[1] - tip.offsetHeight - 10 : below;
    tip.style.transform = `translate(${left}px, ${top}px)`;
  }

  function show() {
    const share = view.crosshair();
    cross.hidden = share === null;
    if (cross.hidden) return;
    const x = Math.round(share * area.clientWidth);
    cross.style.transform = `translateX(${x}px)`;
    const text = view.clock(view.crossTime(), view.span() <= 60e3 ? 2 : 0);
    if (time.textContent !== text) time.textContent = text;
    time.dataset.side = share < 0.1 ? "left" : share > 0.9 ? "right" : "middle";
    explain();
  }

  area.addEventListener("pointermove", move);
  area.addEventListener("pointerdown", press);
  area.addEventListener("pointerup", release);
  area.addEventListener("pointercancel", drop);
  area.addEventListener("pointerleave", leave);
  area.addEventListener("dblclick", () => view.back());
  return { show };
}

function part(parent, name) {
  const element = document.createElement("div");
  element.className = name;
  element.hidden = true;
  parent.append(element);
  return element;
}
