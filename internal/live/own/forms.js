// Forms are sent without leaving the page. What the server answers is merged into it; the
// commands below a field follow what is typed.

import * as page from "./page.js";

async function send(event) {
  const form = event.target;
  if (form.method !== "post" || "plain" in form.dataset || !form.closest("#main")) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const wanted = page.begin();
  try {
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const [answer, text] = await page.ask(form.getAttribute("action"), { method: "POST", body });
    // The address moves even if a look at the page, which a mark of this very change may have
    // begun, has overtaken the answer.
    if ("moves" in form.dataset && answer.redirected) history.replaceState(history.state, "", answer.url);
    if (!wanted()) return;
    if (page.isPage(answer)) page.take(answer, text);
    else refused(form, `${answer.status}: ${text.trim().slice(0, 200)}`);
  } catch {
    refused(form, "No answer from the lab: nothing may have changed.");
  } finally {
    form.ariaBusy = null;
    page.show();
  }
}

// An answer that is no page, such as a guard's: its words, beside the form.
function refused(form, text) {
  if (form.nextElementSibling?.matches(".problem[role=alert]")) form.nextElementSibling.remove();
  const words = document.createElement("p");
  words.className = "problem";
  words.role = "alert";
  words.textContent = text;
  form.after(words);
}

function follow(event) {
  const typed = event.target.closest(".control")?.querySelectorAll("[data-typed]") ?? [];
  for (const piece of typed) piece.textContent = event.target.value.replaceAll("'", "'\\''");
  page.show();
}

export function start() {
  document.addEventListener("submit", send);
  document.addEventListener("input", follow);
}
