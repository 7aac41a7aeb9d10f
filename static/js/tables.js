// On a phone a row becomes a card: every cell carries its column's heading (components/pages.css). Without script the
// table scrolls sideways, as it did.
function label(root) {
  for (const table of root.querySelectorAll(".table:not(.table-cards):not(.table-stack)")) {
    const heads = [...table.querySelectorAll("thead tr:last-child > *")];
    const rows = [...table.querySelectorAll("tbody > tr")];
    if (!heads.length || [...heads, ...rows.flatMap((row) => [...row.children])].some((cell) => cell.colSpan > 1)) continue;
    table.classList.add("table-stack");
    for (const row of rows) {
      [...row.children].forEach((cell, at) => {
        const head = heads[at];
        if (head && at > 0 && !head.querySelector(".vh")) cell.dataset.label = head.textContent.trim();
      });
    }
  }
}

label(document);
document.addEventListener("htmx:afterSettle", () => label(document));
document.addEventListener("htmx:oobAfterSwap", () => label(document));
