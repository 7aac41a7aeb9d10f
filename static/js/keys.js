// One letter, one verb; never while typing, never with a modifier, and off where the reader turned them off.
import { openDialog } from "./dialogs.js";
import { tickAll, tickHere } from "./ticks.js";

const OFF = "hc_keys_off";
const press = (selector) => {
  const button = [...document.querySelectorAll(selector)].find((one) => one.offsetParent !== null) ?? document.querySelector(selector);
  if (button) { button.focus(); button.click(); }
  return Boolean(button);
};

function step(delta) {
  const tasks = [...document.querySelectorAll("#queue .task")].filter((task) => !task.classList.contains("task-done") || task.hasAttribute("aria-current"));
  const here = tasks.findIndex((task) => task.hasAttribute("aria-current"));
  const next = tasks[Math.min(Math.max(here + delta, 0), tasks.length - 1)];
  if (next && next !== tasks[here]) { next.focus(); next.click(); next.scrollIntoView({ block: "nearest" }); }
}

const letters = {
  j: () => step(1),
  k: () => step(-1),
  i: () => press('[data-key="i"]'),
  a: () => press('[data-key="a"]'),
  r: () => press('[data-key="r"]'),
  n: () => press('[data-key="n"]'),
  c: () => press('.order[data-current] .order-no [data-copy], [data-key="c"]'),
  x: tickHere,
  A: tickAll,
  z: () => press('[data-key="z"]'),
  ".": () => press("#queue-new"),
  "/": () => document.querySelector('[data-key="/"]')?.focus(),
  "?": () => openDialog(document.getElementById("keys-help"), document.activeElement),
};

document.addEventListener("keydown", (event) => {
  const at = event.target;
  const isTyping = at.matches?.("input, textarea, select, [contenteditable]") && !["checkbox", "radio"].includes(at.type);
  if (event.key === "Escape" && isTyping && !at.closest("dialog")) { at.blur(); return; }
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const isOff = localStorage.getItem(OFF) === "1" && event.key !== "?";
  if (event.key === "Enter" && !isOff && (at === document.body || at.matches?.(".task[aria-current]"))) {
    if (press('[data-key="Enter"]')) event.preventDefault();
    return;
  }
  const act = letters[event.key] ?? letters[event.key.toLowerCase()];
  if (!act || isOff) return;
  event.preventDefault();
  act();
});

const off = document.querySelector("[data-keys-off]");
if (off) {
  off.checked = localStorage.getItem(OFF) === "1";
  off.addEventListener("change", () => localStorage.setItem(OFF, off.checked ? "1" : "0"));
}
