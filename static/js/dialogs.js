// Native dialogs: [data-opens="id"] opens, [data-closes] closes, Esc leaves, focus returns to the button that opened it.
import { isBusy } from "./busy.js";

const openers = new WeakMap();

export function openDialog(dialog, opener) {
  if (!dialog || dialog.open) return;
  openers.set(dialog, { opener, id: opener?.id });
  dialog.showModal();
  (dialog.querySelector("[data-first]") ?? dialog.querySelector("button, input, select, textarea"))?.focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener && opener.getAttribute("aria-disabled") !== "true") {
    event.preventDefault();
    opener.closest("details[data-popover]")?.removeAttribute("open");
    openDialog(document.getElementById(opener.dataset.opens), opener);
    return;
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement && !isBusy(event.target)) event.target.close();   // the backdrop
});

document.addEventListener("close", (event) => {
  const from = openers.get(event.target);
  const button = from?.opener?.isConnected ? from.opener : document.getElementById(from?.id ?? "");
  button?.focus();
}, true);

// A dialog's form that was answered closes it, unless the answer keeps it open to show a refusal.
document.addEventListener("htmx:afterRequest", (event) => {
  const dialog = event.target.closest?.("dialog");
  const isDone = event.detail.successful && event.detail.xhr.status < 400;
  if (dialog?.open && isDone && !("stays" in dialog.dataset)) dialog.close();
});

// What was asked for into a closed dialog opens it.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.matches?.("[data-opens-dialog]")) openDialog(event.target.closest("dialog"), event.detail.requestConfig?.elt);
});
