// The queue under the hand: a line lights up the moment it is chosen, what stands next is fetched ahead, and while the
// case of the lit line is not there yet nothing on the page can be pressed for the one before.
import { showPane } from "./panes.js";

const USABLE = 15_000, LATER = 300;
let ahead = null, timer, before = null;

const queue = () => document.getElementById("queue");
const panes = () => document.querySelectorAll("#buyer, #action, #act-bar");
const lit = () => document.querySelector("#queue .task[aria-current]");
const seen = () => document.querySelector('#pulse [name="seen"]');
const isTask = (element) => element?.matches?.("#queue .task[hx-get]");

export const isWaiting = () => Boolean(document.querySelector("#buyer[inert]"));

const hold = (isHeld) => panes().forEach((pane) => { pane.inert = isHeld; });

function light(task) {
  lit()?.removeAttribute("aria-current");
  task?.setAttribute("aria-current", "true");
}

// --- chosen: lit at once; the panes wait for their case ---------------------------------------------------------------
document.addEventListener("htmx:beforeRequest", (event) => {
  const task = event.target;
  if (event.detail.requestConfig?.verb === "post") ahead = null;
  if (!isTask(task)) return;
  if (!isWaiting()) before = lit()?.id ?? "";
  light(task);
  hold(true);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const asked = event.detail.requestConfig?.elt;
  if (!asked?.classList?.contains("task")) return;
  if (event.detail.successful) { hold(false); prepare(); return; }
  // Another line was chosen meanwhile: its own answer ends the waiting.
  if (lit()?.id !== asked.id) return;
  light(document.getElementById(before));
  hold(false);
});

// --- the next one, fetched ahead --------------------------------------------------------------------------------------
function next() {
  const tasks = [...document.querySelectorAll("#queue .task")];
  return tasks.slice(tasks.indexOf(lit()) + 1).find((task) => isTask(task) && !task.classList.contains("task-done"));
}

async function fetchAhead() {
  const task = next();
  if (!task || document.hidden || isWaiting()) return;
  const address = task.getAttribute("hx-get"), mark = seen()?.value;
  if (ahead?.address === address && isUsable(ahead)) return;
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (answer.ok && !answer.redirected) ahead = { address, mark, at: Date.now(), text: await answer.text() };
  } catch { /* the network is away: the press will ask itself */ }
}

const isUsable = (kept) => kept.mark === seen()?.value || Date.now() - kept.at < USABLE;

function prepare() {
  clearTimeout(timer);
  timer = setTimeout(fetchAhead, LATER);
}

function show(task, kept) {
  document.querySelectorAll("[data-live]").forEach((poll) => htmx.trigger(poll, "htmx:abort"));
  const address = task.href;
  ahead = null;
  const target = document.getElementById("buyer"), how = { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 };
  htmx.swap(target, kept.text, how, { eventInfo: { target, elt: target, requestConfig: { elt: task } } });
  history.pushState({ htmx: true }, "", address);
  target.scrollTop = 0;
  hold(false);
  // What was fetched ahead may be seconds old: the page asks at once whether it still is so. Every verb carries its
  // version besides, so that nobody decides on what has changed (E16).
  if (seen()) seen().value = "";
  htmx.trigger("#pulse", "look");
  prepare();
}

document.addEventListener("click", (event) => {
  const task = event.target.closest?.("#queue .task");
  if (!isTask(task) || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (ahead?.address !== task.getAttribute("hx-get") || !isUsable(ahead)) return;
  event.preventDefault();
  event.stopPropagation();
  light(task);
  showPane(Number(task.dataset.pane));
  show(task, ahead);
}, true);

if (queue()) prepare();
document.addEventListener("desk:seen", (event) => { if (ahead && event.detail.seen !== ahead.mark) prepare(); });
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "buyer") prepare(); });

// --- what a search found stands in the middle pane: on a phone that pane comes into view ---------------------------------
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.elt?.matches?.("form.search")) {
    document.activeElement?.blur?.();
    showPane(1);
  }
  // Gone on to the next case by itself: on a phone its orders come into view.
  if (document.querySelector("#toasts [data-went-on]")) {
    document.querySelectorAll("#toasts [data-went-on]").forEach((note) => note.removeAttribute("data-went-on"));
    showPane(1);
  }
});
