// A verb that went out: its button says so at the same width and a second press does nothing.
export const isBusy = (element) => Boolean(element.querySelector('[aria-busy="true"]'));

function start(form, button) {
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  form.dataset.busy = "true";
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.busy) { event.preventDefault(); event.stopImmediatePropagation(); return; }
  if (form.method === "post" && !form.hasAttribute("hx-post")) start(form, event.submitter);
}, true);

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target;
  if (form.tagName === "FORM") start(form, form.querySelector("button:not([type=button])"));
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target;
  if (form.tagName !== "FORM") return;
  delete form.dataset.busy;
  form.querySelectorAll('[aria-busy="true"]').forEach((button) => button.removeAttribute("aria-busy"));
});

// A page taken back out of the browser's cache must not keep its buttons asleep.
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-busy]").forEach((form) => delete form.dataset.busy);
  document.querySelectorAll('[aria-busy="true"]').forEach((button) => button.removeAttribute("aria-busy"));
});

document.addEventListener("click", (event) => {
  if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
}, true);

// Ctrl+Enter sends the form in hand.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing && event.target.form) event.target.form.requestSubmit();
});
