// Narrow workbench: three panes side by side; the tab follows the pane in view and moves to it.
const desk = () => document.querySelector(".desk");
const tabs = () => [...document.querySelectorAll(".pane-tabs a")];

export function showPane(index) {
  const place = desk();
  if (place && place.scrollWidth > place.clientWidth) place.scrollTo({ left: index * place.clientWidth });
}

// What an address or a search names stands in the middle pane.
if (desk()?.dataset.pane) showPane(Number(desk().dataset.pane));

desk()?.addEventListener("scroll", () => {
  const shown = Math.round(desk().scrollLeft / desk().clientWidth);
  tabs().forEach((tab, index) => {
    if (index === shown) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  });
}, { passive: true });

document.querySelector(".pane-tabs")?.addEventListener("click", (event) => {
  const tab = event.target.closest("a");
  if (!tab) return;
  event.preventDefault();
  showPane(tabs().indexOf(tab));
});

// A task chosen on a narrow screen shows its orders.
document.addEventListener("click", (event) => {
  const task = event.target.closest(".task[data-pane]");
  if (task) showPane(Number(task.dataset.pane));
});
