// What the page knows about its own freshness: 实时 while polls answer, 连接断开 with the last good time when they do not.
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

// Nobody is looking: do not ask. The first look asks at once.
document.addEventListener("htmx:confirm", (event) => {
  if (event.target.matches?.("[data-live]") && document.hidden) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.querySelectorAll("[data-live]").forEach((element) => htmx.trigger(element, "look"));
});

// --- the open case: what is being read or typed is never pulled away -------------------------------------------------
const LIVING = ["action-body", "buyer-body"];
const typed = () => [...document.querySelectorAll("#action [data-typed]")].filter((field) => field.value);

function isHeld(target, fresh) {
  return document.querySelector("dialog[open]") || typed().length > 0
    || (target.dataset.asked && fresh?.dataset.asked && fresh.dataset.asked !== target.dataset.asked);
}

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  if (!LIVING.includes(target.id)) return;
  const fresh = fragment.querySelector?.(`#${target.id}`) ?? fragment.firstElementChild;
  if (!isHeld(target, fresh)) return;
  event.detail.shouldSwap = false;
  document.getElementById("case-changed")?.removeAttribute("hidden");
  const stamp = document.querySelector('#pulse-case [name="stamp"]');
  if (stamp && fresh?.dataset.stamp) stamp.value = fresh.dataset.stamp;
});

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

// After a decision the reader stands on the task it was about, not on nothing.
document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement === document.body) {
    document.querySelector("#queue .task[aria-current]")?.focus({ preventScroll: true });
  }
});
