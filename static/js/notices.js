// The title counts what is unread; the browser tells of it where it may.
const KEY = "huicang.notices";
const isAllowed = () => "Notification" in window && Notification.permission === "granted";

export function isWatching() {
  return isAllowed() && localStorage.getItem(KEY) === "on";
}

function count() {
  const unread = document.querySelector("#bell .count")?.textContent.trim();
  const title = document.title.replace(/^\(\d+\+?\) /, "");
  document.title = unread ? `(${unread}) ${title}` : title;
}

// Once for all tabs: they share the tag.
function tell() {
  document.querySelectorAll("#toasts > [data-notice]:not([data-told])").forEach((note) => {
    note.dataset.told = "true";
    if (!document.hidden || !isWatching()) return;
    const shown = new Notification(note.textContent, { tag: `notice-${note.dataset.notice}`, icon: document.querySelector('link[rel="icon"]')?.href });
    shown.addEventListener("click", () => { window.focus(); shown.close(); });
  });
}

// A page that only listens looks at nothing.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.matches?.("[data-live]") && document.hidden) event.detail.parameters.delete("look");
});
document.addEventListener("htmx:oobAfterSwap", () => { count(); tell(); });
document.addEventListener("htmx:afterSettle", count);
count();

const button = document.querySelector("[data-browser-notices]");

function draw() {
  const isDenied = "Notification" in window && Notification.permission === "denied";
  button.setAttribute("aria-pressed", String(isWatching()));
  button.textContent = isWatching() ? button.dataset.on : button.dataset.off;
  document.getElementById(button.dataset.denied).hidden = !isDenied;
  button.hidden = isDenied;
}

if (button && "Notification" in window) {
  draw();
  button.addEventListener("click", async () => {
    const wanted = !isWatching();
    if (wanted && !isAllowed()) await Notification.requestPermission();
    localStorage.setItem(KEY, wanted ? "on" : "off");
    draw();
  });
}
