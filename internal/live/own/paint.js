// What charts, timelines and scatters draw with. Chapters: colours, canvas, shapes, numbers,
// text, beginning.

const root = document.documentElement;

// --- colours: the style sheet's, resolved for the canvas ---

let cache = new Map();
let probe = null;
const repaints = new Set();

// onColours calls fn after the colours have changed.
export const onColours = (fn) => repaints.add(fn);

function forget() {
  cache = new Map();
  for (const fn of repaints) fn();
}

// Meanings that look like another.
const same = { hand: "flight", rejected: "failed" };

function resolve(name) {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${same[name] ?? name})`;
  return getComputedStyle(probe).color;
}

// colour gives the property --name, such as flight, for a canvas; alpha makes it see-through.
export function colour(name, alpha = 1) {
  const key = `${name} ${alpha}`;
  if (!cache.has(key)) {
    const [r, g, b] = resolve(name).match(/[\d.]+/g);
    cache.set(key, `rgba(${r}, ${g}, ${b}, ${alpha})`);
  }
  return cache.get(key);
}

// Sizes follow the page's type, which grows with the projector.
export const rem = () => parseFloat(getComputedStyle(root).fontSize) || 16;
export const sizes = () => {
  const font = Math.max(14, Math.round(rem() * 0.875));
  return { font, gutter: font * 4, foot: Math.round(font * 2), head: Math.round(font * 2.6), edge: 14 };
};

// --- canvas ---

// clean gives the empty canvas of a figure, to be drawn on in CSS pixels.
export function clean({ canvas, c, width, height }) {
  const ratio = devicePixelRatio;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  return c;
}

// --- shapes: each meaning's, as in the template "mark" ---

const way = (c, r, [first, ...rest]) => {
  c.moveTo(first[0] * r, first[1] * r);
  for (const [x, y] of rest) c.lineTo(x * r, y * r);
};

const shapes = {
  flight: (c, r) => c.arc(0, 0, r, 0, 7),
  "flight-2": (c, r) => (way(c, r, [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]]), c.closePath()),
  waiting: (c, r) => c.rect(-r, -r, 2 * r, 2 * r),
  inbox: (c, r) => c.rect(-0.8 * r, -0.8 * r, 1.6 * r, 1.6 * r),
  done: (c, r) => way(c, r, [[-1, 0], [-0.3, 0.75], [1, -0.75]]),
  answered: (c, r) => c.arc(0, 0, 0.85 * r, 0, 7),
  failed: (c, r) => (way(c, r, [[-0.8, -0.8], [0.8, 0.8]]), way(c, r, [[0.8, -0.8], [-0.8, 0.8]])),
  plain: (c, r) => c.rect(-r, -0.4 * r, 2 * r, 0.8 * r),
  demand: (c, r) => way(c, r, [[0.75, -0.75], [-0.75, 0], [0.75, 0.75]]),
};
const filled = new Set(["flight", "flight-2", "waiting", "plain"]);

// shape draws a meaning's mark around x, y, set off from what is under it.
export function shape(c, name, x, y, r) {
  const kind = same[name] ?? name;
  c.save();
  c.translate(x, y);
  c.beginPath();
  (shapes[kind] ?? shapes.flight)(c, r);
  c.lineJoin = c.lineCap = "round";
  c.strokeStyle = colour("paper");
  c.lineWidth = r * (filled.has(kind) ? 0.8 : 1.5);
  c.stroke();
  if (filled.has(kind)) {
    c.fillStyle = colour(name);
    c.fill();
  } else {
    c.strokeStyle = colour(name);
    c.lineWidth = r * 0.55;
    c.stroke();
  }
  c.restore();
}

// --- numbers ---

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const scaled = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });

export const exact = (n) => (n === null || n === undefined ? "–" : grouped.format(n));

// brief is a number of at most three digits that matter.
export const brief = (n) => (n === null || n === undefined ? "–" : short.format(n));
export const tick = (n) => (n >= 100e3 ? scaled : grouped).format(n);

// ticks are the labels of an axis: large numbers with as many digits as tell them apart.
export function ticks(list) {
  const [top, step] = [list.at(-1), list[1] - list[0]];
  if (top < 100e3 || step * 100 >= top) return list.map(tick);
  const maximumSignificantDigits = Math.floor(Math.log10(top)) - Math.floor(Math.log10(step)) + 1;
  const fine = new Intl.NumberFormat("en", { maximumSignificantDigits, notation: "compact" });
  return list.map((n) => fine.format(n));
}

export function duration(ms) {
  if (ms < 1000) return `${brief(ms)} ms`;
  return `${brief(ms / 1000)} s`;
}

// --- text: measured once, for measuring costs more than writing ---

let family = "";
let face = "";
const widths = new Map();
const fitted = new Map();

export function typeface(size, weight = 400) {
  family ||= getComputedStyle(document.body).fontFamily;
  return `${weight} ${size}px ${family}`;
}

// type chooses what fit and measure reckon with.
export function type(c, size, weight) {
  c.font = face = typeface(size, weight);
}

export function measure(c, text) {
  return once(widths, `${face} ${text}`, () => c.measureText(text).width);
}

// fit shortens a text to a width.
export function fit(c, text, width) {
  return once(fitted, `${face} ${width} ${text}`, () => {
    if (c.measureText(text).width <= width) return text;
    let length = text.length;
    while (length > 1 && c.measureText(`${text.slice(0, length)}…`).width > width) length--;
    return `${text.slice(0, length).replace(/[\s,;:]+$/, "")}…`;
  });
}

function once(known, key, find) {
  if (!known.has(key)) {
    if (known.size > 1000) known.clear();
    known.set(key, find());
  }
  return known.get(key);
}

// --- beginning: from the moment that someone draws ---

new MutationObserver(forget).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);
