// Ticked orders: how many, all of a buyer, and ticks that outlive a swap of the cards under them.
const bar = () => document.querySelector("[data-bulk]");
const ticks = () => [...document.querySelectorAll("[data-tick]")];
const all = () => bar()?.querySelector("[data-tick-all]");
let scope = "", kept = new Set(), takesAll = false;

function show() {
  const place = bar();
  if (!place) return;
  const n = kept.size, isAll = Boolean(all()?.checked);
  place.toggleAttribute("data-on", n > 0 || isAll);
  const count = place.querySelector("[data-bulk-count]");
  const words = count.dataset;
  const text = isAll ? words.all : n === 1 ? words.one : n ? words.many.replace("{n}", n) : "";
  if (count.textContent !== text) count.textContent = text;
  // A ticked order that scrolled out of the swapped cards still goes with the form.
  place.querySelectorAll("[data-tick-kept]").forEach((field) => field.remove());
  const shown = new Set(ticks().map((tick) => tick.value));
  for (const number of kept) {
    if (shown.has(number)) continue;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "order";
    field.value = number;
    field.dataset.tickKept = "";
    place.append(field);
  }
}

function renew() {
  const place = bar();
  if (!place) { scope = ""; kept = new Set(); takesAll = false; return; }
  if (place.dataset.bulk !== scope) {
    scope = place.dataset.bulk;
    kept = new Set(ticks().filter((tick) => tick.checked).map((tick) => tick.value));
    takesAll = Boolean(all()?.checked);
  }
  ticks().forEach((tick) => { tick.checked = takesAll || kept.has(tick.value); });
  if (all()) all().checked = takesAll;
  show();
}

export function tickHere() {
  const place = document.querySelector(".order:hover, tr:hover") ?? document.activeElement?.closest(".order, tr")
    ?? document.querySelector(".order[data-current]");
  place?.querySelector("[data-tick]")?.click();
}

export function tickAll() {
  if (all()) all().click();
  else ticks().filter((tick) => !tick.checked).forEach((tick) => tick.click());
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-tick]")) {
    kept[box.checked ? "add" : "delete"](box.value);
    if (!box.checked && takesAll) {
      // All but this one: what is loaded stays ticked, what is not is no longer meant.
      takesAll = all().checked = false;
      kept = new Set(ticks().filter((tick) => tick.checked).map((tick) => tick.value));
    }
  } else if (box.matches("[data-tick-all]")) {
    takesAll = box.checked;
    ticks().forEach((tick) => { tick.checked = takesAll; });
    kept = new Set(takesAll ? ticks().map((tick) => tick.value) : []);
  } else return;
  show();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-untick]")) return;
  takesAll = false;
  kept = new Set();
  ticks().forEach((tick) => { tick.checked = false; });
  if (all()) all().checked = false;
  show();
  document.querySelector("[data-tick]")?.focus();
});

// A run that ended in a dialog: what failed stays ticked, the rest does not.
document.addEventListener("htmx:afterSettle", () => {
  const ended = document.querySelector("[data-bulk-ended]");
  if (!ended) return;
  takesAll = false;
  kept = new Set(ended.dataset.bulkEnded.split(" ").filter(Boolean));
  renew();
});
document.addEventListener("htmx:afterSettle", renew);
document.addEventListener("htmx:oobAfterSwap", renew);
addEventListener("pageshow", () => { scope = ""; renew(); });
renew();
