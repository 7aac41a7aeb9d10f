// Good news, bottom right, gone after six seconds unless somebody is reading it. Bad news never comes here: it stays in the page.
const LIFE = 6000;

export function toast(text) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "toast";
  note.textContent = text;
  place.append(note);
  live(note);
}

function live(note) {
  if (note.dataset.living) return;
  note.dataset.living = "true";
  let timer;
  const start = () => { timer = setTimeout(() => note.remove(), Number(note.dataset.life) || LIFE); };
  const stop = () => clearTimeout(timer);
  note.addEventListener("mouseenter", stop);
  note.addEventListener("mouseleave", start);
  note.addEventListener("focusin", stop);
  note.addEventListener("focusout", start);
  start();
}

// The server may send toasts too, as out-of-band children of #toasts.
document.addEventListener("htmx:oobAfterSwap", () => document.querySelectorAll("#toasts > .toast").forEach(live));
// A page may come with one: what it tells of can be undone there.
document.querySelectorAll("#toasts > .toast").forEach(live);
