// What the page knows about its own freshness: 实时 while polls answer, 连接断开 with the last good time when they do not.
const sign = document.getElementById("live");
let last = new Date();

function show(isOn) {
  if (!sign) return;
  sign.hidden = false;
  sign.classList.toggle("is-off", !isOn);
  const time = last.toLocaleTimeString("zh-CN", { hour12: false });
  const text = isOn ? sign.dataset.on : sign.dataset.off.replace("%(time)s", time);
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
