// Keeps the page fresh and spares the reload after a button; without it every button still works.
const live = document.getElementById("live");
let isBusy = false;

async function draw(response) {
  const text = await response.text();
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
  // Nobody's click shall land on a row that just moved: while a button is pressed the page keeps still.
  if (!fresh || live.querySelector("button:active") || fresh.innerHTML === live.innerHTML) return;
  const focused = document.activeElement;
  const row = focused?.closest?.("tr")?.id;
  const key = focused?.value || focused?.id;
  live.replaceChildren(...fresh.childNodes);
  if (row) document.getElementById(row)?.querySelector(`button[value="${key}"]`)?.focus();
  else if (key && focused?.id) document.getElementById(focused.id)?.focus();
}

async function refresh() {
  if (isBusy || document.hidden) return;
  try {
    await draw(await fetch(location.href));
  } catch {
    // The sandbox restarts now and then; the next round finds it again.
  }
}

live.addEventListener("submit", async (event) => {
  event.preventDefault();
  isBusy = true;
  try {
    const body = new URLSearchParams(new FormData(event.target, event.submitter));
    const response = await fetch(event.target.action, { method: "POST", body });
    await draw(response.ok ? response : await fetch(location.href));
  } finally {
    isBusy = false;
  }
});

setInterval(refresh, 1500);
