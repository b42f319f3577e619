// Keeps what is being typed, for this person in this tab: through a reload, a lost connection, or a login in between.

import { inTab } from "./page.js";

const DRAFTS = "hadir.drafts";
/** The page that says it is done: what was typed has arrived. */
const arrived = new URLSearchParams(location.search).has("done");
/** @type {Record<string, string>} */
const drafts = arrived ? {} : JSON.parse(inTab.get(DRAFTS) ?? "{}");

/** Puts back what was not sent, and opens what hides it. @param {HTMLTextAreaElement} field */
function restore(field) {
  const draft = drafts[field.dataset.draft ?? ""];
  if (!draft || field.value) return;
  field.value = draft;
  field.closest("details")?.setAttribute("open", "");
}

if (arrived) inTab.drop(DRAFTS);
for (const field of /** @type {NodeListOf<HTMLTextAreaElement>} */ (document.querySelectorAll("[data-draft]"))) restore(field);

document.addEventListener("input", (event) => {
  const field = /** @type {HTMLTextAreaElement} */ (event.target);
  if (!field.dataset.draft) return;
  drafts[field.dataset.draft] = field.value;
  inTab.put(DRAFTS, JSON.stringify(drafts));
});
