// Copy a number or a text; [data-said] is told instead of what was copied. Works without the clipboard API too (plain http on a local network has none).
import { toast } from "./toasts.js";

async function put(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "vh";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await put(button.dataset.copy);
  toast(button.dataset.said ?? `${button.dataset.copied ?? ""} ${button.dataset.copy}`.trim());
});
