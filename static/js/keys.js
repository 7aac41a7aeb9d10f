// One letter, one verb; never while typing, never with a modifier, and off where the reader turned them off.
import { isWaiting } from "./desk.js";
import { openDialog } from "./dialogs.js";
import { setFlag } from "./flags.js";
import { tickAll, tickHere } from "./ticks.js";

const OFF = "hc_keys_off", WAITS = 5000;
// What may be pressed while the case of the lit line is still on its way.
const MOVES = ["j", "k", "/", "?", "."];
const isSeen = (element) => element.offsetParent !== null || element.getClientRects().length > 0;

const press = (selector) => {
  const button = [...document.querySelectorAll(selector)].find(isSeen) ?? document.querySelector(selector);
  if (button) { button.focus(); button.click(); }
  return Boolean(button);
};

function step(delta) {
  const tasks = [...document.querySelectorAll("#queue .task")].filter((task) => !task.classList.contains("task-done") || task.hasAttribute("aria-current"));
  const here = tasks.findIndex((task) => task.hasAttribute("aria-current"));
  const next = tasks[Math.min(Math.max(here + delta, 0), tasks.length - 1)];
  if (next && next !== tasks[here]) { next.focus(); next.click(); next.scrollIntoView({ block: "nearest" }); }
}

// The order a letter speaks of: focused, under the pointer, else the one at issue.
const order = () => document.querySelector(".order:focus-within") ?? document.querySelector(".order:hover")
  ?? document.querySelector(".order[data-current]") ?? document.querySelector(".order");
const within = (place, selector) => (place ?? document).querySelector(selector);

// f, then a digit: what is waited for is said, and forgotten after a while.
let flagged = null, forgets;
function ask() {
  flagged = within(order(), "[data-flag-menu]");
  const hint = document.getElementById("flag-hint");
  if (!flagged || !hint) return;
  hint.textContent = hint.dataset.text;
  clearTimeout(forgets);
  forgets = setTimeout(answer, WAITS);
}
function answer(digit) {
  const menu = flagged;
  flagged = null;
  clearTimeout(forgets);
  const hint = document.getElementById("flag-hint");
  if (hint) hint.textContent = "";
  if (menu?.isConnected && /^[0-5]$/.test(digit ?? "")) setFlag(menu, digit);
}

const undo = () => [...document.querySelectorAll('[data-undo], [data-key="z"]')].filter(isSeen).at(-1)?.click();
const search = () => { const field = document.querySelector('[data-key="/"]'); field?.focus(); field?.select(); };

const letters = {
  j: () => step(1),
  k: () => step(-1),
  i: () => press('[data-key="i"]'),
  a: () => press('[data-key="a"]'),
  r: () => press('[data-key="r"]'),
  g: () => press('[data-key="g"]'),
  n: () => press('[data-key="n"]'),
  ...Object.fromEntries([..."wtehd"].map((letter) => [letter, () => press(`[data-key="${letter}"]`)])),
  f: ask,
  c: () => { const place = order(); (place ? within(place, ".order-no [data-copy]") : within(null, "h1 [data-copy], [data-key=\"c\"]"))?.click(); },
  x: tickHere,
  z: undo,
  "shift+a": tickAll,
  ".": () => press("#queue-new"),
  "/": search,
  "?": () => openDialog(document.getElementById("keys-help"), document.activeElement),
};
for (const digit of "123456789") letters[digit] = () => document.querySelector(`#replies [data-key="${digit}"]`)?.click();

// What an input method in Chinese puts on the same keys.
const WIDE = { "？": "?", "。": ".", "、": "/" };

// A letter is its letter with or without CapsLock; Shift counts only where it is really held.
function named(event) {
  const key = WIDE[event.key] ?? event.key;
  return /^[a-z]$/i.test(key) ? (event.shiftKey ? "shift+" : "") + key.toLowerCase() : key;
}

document.addEventListener("keydown", (event) => {
  const at = event.target;
  // 229: the key belongs to an input method that is composing a word.
  if (event.isComposing || event.keyCode === 229) return;
  const isTyping = at.matches?.("input, textarea, select, [contenteditable]") && !["checkbox", "radio"].includes(at.type);
  if (event.key === "Escape" && flagged) { answer(); return; }
  if (event.key === "Escape" && isTyping && !at.closest("dialog")) { at.blur(); return; }
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const isOff = localStorage.getItem(OFF) === "1" && named(event) !== "?";
  if (isOff) return;
  if (event.key === "Enter" && !isWaiting() && (at === document.body || at.matches?.(".task[aria-current]"))) {
    if (press('[data-key="Enter"]')) event.preventDefault();
    return;
  }
  if (isWaiting() && !MOVES.includes(named(event))) { event.preventDefault(); return; }
  const act = letters[named(event)], isDigit = /^[0-5]$/.test(event.key);
  // Held down, only the way through the queue goes on.
  if (event.repeat && !["j", "k"].includes(named(event))) { if (act) event.preventDefault(); return; }
  if (isDigit) flagged ??= document.querySelector("[data-flag-menu][open]");
  if (flagged && !["Shift", "CapsLock"].includes(event.key)) {
    answer(event.key);
    if (isDigit) { event.preventDefault(); return; }
  }
  if (!act) return;
  event.preventDefault();
  act();
});

const off = document.querySelector("[data-keys-off]");
const showOff = () => { document.documentElement.dataset.keys = localStorage.getItem(OFF) === "1" ? "off" : "on"; };
if (off) {
  off.checked = localStorage.getItem(OFF) === "1";
  off.addEventListener("change", () => { localStorage.setItem(OFF, off.checked ? "1" : "0"); showOff(); });
  showOff();
}
