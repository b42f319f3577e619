// The live wall: says whether it is live, keeps to the search, and does not chatter to screen readers.

import { element, pause, say } from "./page.js";

const SILENT_MS = 32_000;
const RETRY_MS = 2_000;
const SPEAK_MS = 8_000;
const MOST_ROWS = 400;

const state = element("live-state");
const rows = element("rows");
const search = /** @type {HTMLInputElement} */ (element("search"));
let wall = element("wall");
let heard = Date.now();
let spoken = 0;
/** @type {string | undefined} */
let focused;

/** What has ended stays so. @param {"connecting" | "live" | "reconnecting" | "ended"} name */
function become(name) {
  if (state.dataset.state === name || state.dataset.state === "ended") return;
  state.dataset.state = name;
  say(state, name);
}

function alive() {
  heard = Date.now();
  become("live");
}

/** Starts a fresh connection in place of one that is silent or never came about. */
async function connectAnew() {
  if (state.dataset.state === "ended") return;
  become("reconnecting");
  await pause(RETRY_MS * (0.5 + Math.random()));
  const fresh = /** @type {HTMLElement} */ (document.importNode(wall, false));
  for (const name of ["class", "data-htmx-powered"]) fresh.removeAttribute(name);
  listen(fresh);
  wall.replaceWith(fresh);
  wall = fresh;
  heard = Date.now();
  htmx.process(fresh);
}

/** @param {HTMLElement} source */
function listen(source) {
  for (const name of ["htmx:sse:after:connection", "beat", "resync"]) source.addEventListener(name, alive);
  source.addEventListener("htmx:sse:error", () => become("reconnecting"));
  source.addEventListener("htmx:error", connectAnew);
  source.addEventListener("htmx:response:error", (event) => {
    const status = /** @type {CustomEvent} */ (event).detail.ctx.response.status;
    if (status < 500) become("ended");
    else connectAnew();
  });
  source.addEventListener("ended", () => become("ended"));
  source.addEventListener("htmx:sse:before:message", () => { focused = document.activeElement?.closest(".row")?.id; });
  source.addEventListener("htmx:sse:after:message", () => { alive(); settle(); });
}

/** What a change leaves to do: focus back on the row that moved, the search kept, a summary spoken. */
function settle() {
  const again = focused && document.getElementById(focused);
  if (again && document.activeElement === document.body) again.querySelector("a")?.focus({ preventScroll: true });
  document.getElementById("nobody")?.remove();
  while (rows.children.length > MOST_ROWS) rows.lastElementChild?.remove();
  keepToSearch();
  speak();
}

function keepToSearch() {
  const words = search.value.trim().toLowerCase();
  const digits = words.replace(/\s/g, "");
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (rows.querySelectorAll(".fresh"))) {
    const text = (row.querySelector(".row-name")?.textContent ?? "").toLowerCase();
    row.hidden = !(text.includes(words) || text.replace(/\s/g, "").includes(digits));
  }
}

function speak() {
  if (Date.now() - spoken < SPEAK_MS) return;
  spoken = Date.now();
  element("said").textContent = element("said-next").textContent;
}

/** The list could not be read after a gap: once more. @param {Event} event */
async function readAgain(event) {
  if (event.target !== rows) return;
  await pause(RETRY_MS * (0.5 + Math.random()));
  htmx.trigger(document.body, "resync");
}

/** The picker of units closes by Esc, which brings the focus back, and by a press elsewhere. */
function letPickerClose() {
  const picker = /** @type {HTMLDetailsElement} */ (element("picker"));
  picker.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !picker.open) return;
    picker.open = false;
    picker.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (!picker.contains(/** @type {Node} */ (event.target))) picker.open = false;
  });
}

listen(wall);
letPickerClose();
for (const name of ["htmx:error", "htmx:response:error"]) rows.addEventListener(name, readAgain);
setInterval(() => {
  if (!document.hidden && Date.now() - heard > SILENT_MS) connectAnew();
}, 2_000);
document.addEventListener("visibilitychange", () => { heard = Date.now(); });
