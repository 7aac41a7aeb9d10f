// ⌘K / Ctrl-K: one field that goes to a page by its name, or searches what the pages search. Phones and names are looked
// for only on Enter: each such look is counted.
import { openDialog } from "./dialogs.js";

const dialog = () => document.getElementById("palette");
const field = () => document.getElementById("palette-q");
const links = () => [...dialog().querySelectorAll(".go")].filter((link) => link.offsetParent !== null);
let asked = "";

function choose(link) {
  dialog().querySelectorAll(".go[aria-current]").forEach((one) => one.removeAttribute("aria-current"));
  link?.setAttribute("aria-current", "true");
  link?.scrollIntoView({ block: "nearest" });
}

function filter() {
  const words = field().value.trim().toLowerCase().split(/\s+/);
  for (const row of dialog().querySelectorAll("#palette-list > li")) {
    row.hidden = !words.every((word) => row.dataset.words.toLowerCase().includes(word));
  }
  document.getElementById("palette-found").replaceChildren();
  asked = "";
  choose(field().value.trim() ? links()[0] : null);
}

async function search(term) {
  asked = term;
  const answer = await fetch(`${field().form.action}?${new URLSearchParams({ q: term })}`, { headers: { "HX-Request": "true" } });
  if (!answer.ok || asked !== term) return;
  document.getElementById("palette-found").innerHTML = await answer.text();
  choose(links()[0]);
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !dialog()) return;
  if (document.querySelector("dialog[open]:not(#palette)")) return;
  event.preventDefault();
  if (dialog().open) { dialog().close(); return; }
  field().value = "";
  filter();
  openDialog(dialog(), document.activeElement);
});

document.addEventListener("input", (event) => { if (event.target === field()) filter(); });

document.addEventListener("keydown", (event) => {
  if (event.target !== field() || event.isComposing || event.keyCode === 229) return;
  const shown = links(), here = shown.findIndex((link) => link.hasAttribute("aria-current"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(shown[(here + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length]);
  }
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-palette]")) return;
  event.preventDefault();
  const link = dialog().querySelector(".go[aria-current]"), term = field().value.trim();
  if (link) link.click();
  else if (term) search(term);
}, true);
