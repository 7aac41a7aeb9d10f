// What the page knows about its own freshness: 实时 while polls answer, 连接断开 with the last good time when they do not.
import { isWatching } from "./notices.js";

const sign = document.getElementById("live");
let last = new Date();

function show(isOn) {
  if (!sign) return;
  sign.hidden = false;
  sign.classList.toggle("is-off", !isOn);
  const time = last.toLocaleTimeString("zh-CN", { hour12: false });
  const text = isOn ? sign.dataset.on : sign.dataset.off.replace("{time}", time);
  if (sign.textContent !== text) sign.textContent = text;
}

if (document.querySelector("[data-live]")) show(true);

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.target.matches?.("[data-live]")) return;
  const status = event.detail.xhr.status;
  if (status >= 200 && status < 400) { last = new Date(); show(true); } else show(false);
  // Signed out elsewhere: a poll would be answered by the login page for ever.
  if (event.detail.xhr.responseURL?.includes("/accounts/login/")) location.reload();
});
document.addEventListener("htmx:sendError", (event) => { if (event.target.matches?.("[data-live]")) show(false); });

// What the last answer said is up to date; while that stays so the server reads nothing.
document.addEventListener("desk:seen", (event) => {
  const field = document.querySelector('#pulse [name="seen"]');
  if (field) field.value = event.detail.seen;
});

document.addEventListener("clock:over", () => {
  const field = document.querySelector('#pulse [name="seen"]');
  if (field) field.value = "";
});

// Every poll says which orders it shows and how they looked, and whom else it told the reader about.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches?.("[data-live]")) return;
  const cards = [...document.querySelectorAll(".order[data-stamp]")].map((card) => card.dataset.stamp);
  if (cards.length) event.detail.parameters.set("cards", cards.join(","));
  event.detail.parameters.set("others", document.getElementById("presence")?.dataset.others ?? "");
});

addEventListener("pagehide", () => {
  const pulse = document.querySelector("[data-leave]");
  const look = document.querySelector('#pulse-case [name="look"]');
  if (!pulse || !look) return;
  const told = new FormData();
  told.set("look", look.value);
  told.set("csrfmiddlewaretoken", JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]);
  navigator.sendBeacon(pulse.dataset.leave, told);
});

// A person's own request comes first: an answer that speaks of what was open before must not arrive after it.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches?.("[data-live]")) return;
  document.querySelectorAll("[data-live]").forEach((poll) => htmx.trigger(poll, "htmx:abort"));
});

// Nobody is looking: do not ask. The first look asks at once.
document.addEventListener("htmx:confirm", (event) => {
  if (event.target.matches?.("[data-live]") && document.hidden && !isWatching()) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.querySelectorAll("[data-live]").forEach((element) => htmx.trigger(element, "look"));
});

// --- the open case: what is being read or typed is never pulled away -------------------------------------------------
const typed = () => [...document.querySelectorAll("#action [data-typed]")].filter((field) => field.value !== field.defaultValue);

function isHeld(target, fresh) {
  return document.querySelector("dialog[open]") || typed().length > 0
    || (target.dataset.asked && fresh?.dataset.asked && fresh.dataset.asked !== target.dataset.asked);
}

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const fresh = fragment.querySelector?.(`#${target.id}`) ?? fragment.firstElementChild;
  if (target.matches(".order[data-stamp]")) {
    // A card in somebody's hands waits for the next poll: its stamp stays old, so it is told again.
    if (target.contains(document.activeElement) || document.querySelector("dialog[open]")) event.detail.shouldSwap = false;
    else keepOpen(target, fresh);
  }
  if (target.id !== "action-body" || !isHeld(target, fresh)) return;
  event.detail.shouldSwap = false;
  document.getElementById("case-changed")?.removeAttribute("hidden");
  const stamp = document.querySelector('#pulse-case [name="stamp"]');
  if (stamp && fresh?.dataset.stamp) stamp.value = fresh.dataset.stamp;
});

// What the reader had unfolded, ticked or opened stays so in the fresh card.
function keepOpen(old, fresh) {
  const folds = fresh.querySelectorAll("details");
  old.querySelectorAll("details").forEach((fold, at) => { if (folds[at] && fold.open) folds[at].open = true; });
  old.querySelectorAll("input[data-tick]:checked").forEach((tick) => {
    const twin = fresh.querySelector(`input[data-tick][value="${CSS.escape(tick.value)}"]`);
    if (twin) twin.checked = true;
  });
  const mask = (place) => place?.querySelector(".pii-masked > span")?.textContent;
  old.querySelectorAll(".pii:has([data-shown], form.quota-ask), .pii.is-refused").forEach((shown) => {
    const twin = fresh.querySelector(`#${CSS.escape(shown.id)}`);
    if (twin && mask(twin) === mask(shown)) twin.replaceWith(shown);
  });
}

// 看新版: the new version, with what was typed put back.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-renews]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const kept = typed().map((field) => [field.id, field.value]);
  await htmx.ajax("GET", link.href, { target: "#buyer", swap: "innerHTML" });
  for (const [id, value] of kept) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
});

// --- what was asked outside has its answer: the page reads itself anew, unless that would lose what was typed --------
function isTouched(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findLastIndex((one) => one.defaultSelected));
  return field.value !== field.defaultValue;
}

const isInUse = () => document.querySelector("dialog[open]") !== null
  || [...document.querySelectorAll('form[method="post"] :is(input:not([type="hidden"]), textarea, select)')].some(isTouched);

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const over = event.target.querySelector?.("[data-over]");
  if (!over || !event.detail.xhr.getResponseHeader("HX-Refresh") || !isInUse()) return;
  event.preventDefault();
  over.hidden = false;
  event.target.querySelector("[data-waits]").hidden = true;
});

// Once it has offered to, it asks again only when nothing would be lost.
document.addEventListener("htmx:confirm", (event) => {
  if (event.target.querySelector?.("[data-over]:not([hidden])") && isInUse()) event.preventDefault();
});

// After a decision the reader stands on the task it was about, not on nothing.
document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement === document.body) {
    document.querySelector("#queue .task[aria-current]")?.focus({ preventScroll: true });
  }
});
