// Good news, bottom right, gone after six seconds (ten when it can be undone) unless somebody is reading it. Bad news never comes here: it stays in the page.
const LIFE = 6000, LIFE_WITH_UNDO = 10000;

export function toast(text, undo) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const note = document.createElement("div"), from = document.activeElement;
  note.className = "toast";
  note.textContent = text;
  note.leave = () => {
    const hadFocus = note.contains(document.activeElement);
    note.remove();
    if (hadFocus) from?.focus?.();
  };
  if (undo) {
    const button = document.createElement("button"), key = document.createElement("kbd");
    button.type = "button";
    button.className = "btn";
    button.dataset.undo = "";
    key.textContent = "Z";
    button.append(place.dataset.undoWord, key);
    button.addEventListener("click", () => { note.leave(); undo(); });
    note.append(button);
  }
  place.append(note);
  live(note);
}

function live(note) {
  if (note.dataset.living) return;
  note.dataset.living = "true";
  let timer;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    if (note.matches(":hover, :focus-within")) return;
    timer = setTimeout(() => (note.leave ?? note.remove).call(note), Number(note.dataset.life) || (note.querySelector("[data-undo]") ? LIFE_WITH_UNDO : LIFE));
  };
  note.addEventListener("mouseenter", stop);
  note.addEventListener("mouseleave", start);
  note.addEventListener("focusin", stop);
  note.addEventListener("focusout", () => setTimeout(start));
  start();
}

// The server may send toasts too, as out-of-band children of #toasts.
document.addEventListener("htmx:oobAfterSwap", () => document.querySelectorAll("#toasts > .toast").forEach(live));
// A page may come with one: what it tells of can be undone there.
document.querySelectorAll("#toasts > .toast").forEach(live);
