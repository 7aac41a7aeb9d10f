// Popovers open on hover and focus by CSS; Esc closes them, hovered or focused, and they come back on the next visit.
function closeAll() {
  let closed = false;
  for (const pop of document.querySelectorAll(".pop:hover, .pop:focus-within")) {
    pop.dataset.closed = "true";
    pop.addEventListener("mouseleave", () => delete pop.dataset.closed, { once: true });
    pop.addEventListener("focusout", () => delete pop.dataset.closed, { once: true });
    closed = true;
  }
  for (const menu of document.querySelectorAll("details[data-popover][open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
    closed = true;
  }
  return closed;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]") && closeAll()) event.stopPropagation();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-popover][open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
