// An opened name, number or address goes back behind its mask: by its button, and by itself after a minute.
const SHOWN_FOR = 60_000;

function hide(shown) {
  const place = shown.closest(".pii");
  const hadFocus = place.contains(document.activeElement);
  shown.remove();
  if (hadFocus) place.querySelector("button")?.focus();
}

function arm(root) {
  root.querySelectorAll("[data-shown]:not([data-timed])").forEach((shown) => {
    shown.dataset.timed = "true";
    setTimeout(() => { if (shown.isConnected) hide(shown); }, SHOWN_FOR);
  });
}

arm(document);

document.addEventListener("htmx:afterSwap", (event) => {
  arm(document);
  // The eye that was pressed is gone: reading goes on where its answer stands.
  if (event.detail.target.matches(".pii") && document.activeElement === document.body) {
    document.getElementById(event.detail.target.id)?.focus();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-hides]");
  if (button) hide(button.closest("[data-shown]"));
});
