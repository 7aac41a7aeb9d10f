// Quick replies: a search field over a long list, and a count of what was copied that nobody waits for.
const token = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");

document.addEventListener("click", (event) => {
  const address = event.target.closest("[data-counts]")?.dataset.counts;
  if (address) fetch(address, { method: "POST", keepalive: true, headers: { ...token(), "HX-Request": "true" } }).catch(() => {});
});

function filter(field) {
  const words = field.value.trim().toLowerCase().split(/\s+/);
  for (const row of document.querySelectorAll(`#${field.dataset.filters} > [data-words]`)) {
    row.hidden = !words.every((word) => row.dataset.words.toLowerCase().includes(word));
  }
}

document.addEventListener("input", (event) => { if (event.target.matches("[data-filters]")) filter(event.target); });
// The list was drawn afresh, the field and what stands in it stayed.
document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("[data-filters]").forEach(filter));
document.addEventListener("htmx:oobAfterSwap", () => document.querySelectorAll("[data-filters]").forEach(filter));
