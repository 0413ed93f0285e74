// Afflux's pages work as plain HTML. These modules make them pleasant and live. This one
// copies commands, switches the colours, and starts the others where they can work: they
// need third-party files, which a build may lack. Chapters: copying, colours, beginning.

const root = document.documentElement;

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

// Another view of the same page is fetched and merged; with a modifier key the link is the
// browser's.
function stay(page, view, event) {
  const link = event.target.closest?.("a[data-stay]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const target = new URL(link.href);
  target.searchParams.set("window", view.chosen());
  page.go(target);
}

async function begin() {
  const modules = ["charts", "enqueue", "eventlog", "flow", "forms", "fresh", "keys", "observer", "page", "scatter", "since", "stream", "timeline", "view"];
  const [charts, enqueue, eventlog, flow, forms, fresh, keys, observer, page, scatter, since, stream, timeline, view] = await Promise.all(modules.map((name) => import(`./${name}.js`)));
  root.classList.add("live");
  view.start();
  fresh.start();
  charts.start();
  timeline.start();
  scatter.start();
  since.start();
  page.start();
  flow.start();
  eventlog.start();
  enqueue.start();
  forms.start();
  keys.start();
  observer.start();
  document.addEventListener("click", (event) => stay(page, view, event));
  stream.start(root.dataset.path);
}

if ("merge" in root.dataset) begin();
