// The scan field keeps the focus; an empty Enter goes on to the next step. On the inspection 1, 2 and 3 choose an outcome.
const field = document.querySelector("[data-scan]");
const isElsewhere = () => document.querySelector("dialog[open]") || document.activeElement?.matches("input:not([data-scan]), textarea, select, a, button, summary");

if (field) {
  field.focus();
  field.select();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === field && !field.value.trim()) {
      event.preventDefault();
      document.querySelector("[data-next]")?.click();
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.target !== field && !isElsewhere()) {
      field.focus();
    }
  }, true);
  addEventListener("focus", () => { if (!isElsewhere()) field.focus(); });
  document.querySelector("[data-by-hand]")?.addEventListener("click", () => { field.inputMode = "text"; field.focus(); });
  if (document.querySelector(".band.is-bad, .band.is-stop")) navigator.vibrate?.([120, 60, 120]);
}

const form = document.querySelector("[data-inspect]");
if (form) {
  const piles = [...form.querySelectorAll("[data-expected]")];
  const set = (name) => piles.forEach((row) => {
    for (const input of row.querySelectorAll("[data-pile]")) {
      input.value = !name ? "" : input.dataset.pile === name ? row.dataset.expected : "0";
    }
  });
  const show = (outcome) => {
    form.querySelectorAll("[data-unless]").forEach((part) => { part.hidden = !outcome || part.dataset.unless === outcome; });
  };
  form.addEventListener("change", (event) => {
    if (event.target.name !== "outcome") return;
    show(event.target.value);
    set({ fine: "sellable", damaged: "defective" }[event.target.value]);
  });
  show(form.querySelector("[name=outcome]:checked")?.value);
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input:not([type=radio]), textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const radio = form.querySelector(`[name=outcome][data-digit="${CSS.escape(event.key)}"]`);
    if (radio) {
      event.preventDefault();
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
      (radio.value === "fine" ? form.querySelector("[data-send]") : form.querySelector("[data-pile]"))?.focus();
    }
  });
}
