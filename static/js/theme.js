// Light or dark: the reader's choice goes into a cookie, so that the server writes it into the page and nothing flashes.
const root = document.documentElement;

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  document.cookie = `hc_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
});
