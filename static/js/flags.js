// A flag shows at once; ten seconds to undo it, and put back with a sentence when the server refuses.
import { toast } from "./toasts.js";

const chosen = (menu) => menu.querySelector("button[aria-current]")?.value ?? "";

function show(menu, flag) {
  const button = menu.querySelector(`button[value="${flag}"]`);
  if (!button) return;
  for (const one of menu.querySelectorAll("button[aria-current]")) one.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  menu.querySelector("summary .flag").replaceWith(button.querySelector(".flag").cloneNode(true));
  // The queue's line of the order at issue wears it too.
  const line = menu.closest(".order[data-current]") && document.querySelector("#queue .task[aria-current] .who");
  if (!line) return;
  line.querySelector(".flag")?.remove();
  if (flag === "") return;
  const mark = button.querySelector(".flag").cloneNode(true);
  mark.lastElementChild.className = "vh";
  line.append(mark);
}

// One after the other, so that the last press is the last to arrive.
let sending = Promise.resolve();

function send(form, fields, before) {
  const id = form.parentElement.id, body = new FormData(form);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  sending = sending.then(async () => {
    let told = { flag: before, refused: form.dataset.lost };
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.ok || answer.status === 409) told = await answer.json();
    } catch { /* the network is away: the sentence says so */ }
    const menu = document.getElementById(id), refusal = document.querySelector(`[data-flag-refusal="${id}"]`);
    if (refusal) {
      // The rule's code waits in the tooltip.
      const [, words, code] = /^(.*?)(?: \[([A-Z0-9_-]+)\])?$/s.exec(told.refused ?? "");
      refusal.textContent = words;
      refusal.title = code ?? "";
      refusal.hidden = !told.refused;
    }
    if (menu && (told.refused || "undo" in fields)) show(menu, String(told.flag));
    if (told.refused) return;
    toast(told.said, told.undo && (() => send(document.getElementById(id)?.querySelector("form") ?? form, { undo: told.undo }, String(told.flag))));
  });
}

export function setFlag(menu, flag) {
  const form = menu.querySelector("form"), before = chosen(menu);
  menu.removeAttribute("open");
  if (flag === before) return;
  show(menu, flag);
  send(form, { flag }, before);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-flags] button");
  if (!button) return;
  event.preventDefault();
  const menu = button.closest("[data-flag-menu]");
  setFlag(menu, button.value);
  menu.querySelector("summary").focus();
});
