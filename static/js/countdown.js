// Every [data-due] counts down in the page's own words, on the server's clock: the reader's may be minutes off.
const words = document.body.dataset;
const drift = Number(words.now) - Date.now();
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function say(span) {
  const total = Math.floor(Math.abs(span) / 1000);
  const d = Math.floor(total / 86400), h = Math.floor((total % 86400) / 3600);
  const m = Math.floor((total % 3600) / 60), s = total % 60;
  if (d) return fill(words.days, { d, h });
  if (h) return fill(words.hours, { h, m });
  if (m) return fill(words.minutes, { m, s: String(s).padStart(2, "0") });
  return fill(words.seconds, { s });
}

function tick() {
  const now = Date.now() + drift;
  for (const element of document.querySelectorAll("[data-due]")) {
    const span = Number(element.dataset.due) - now;
    const length = say(span);
    const text = span <= 0 ? fill(words.over, { length })
      : "prefix" in element.dataset ? fill(words.left, { length }) : length;
    // The moment a clock runs out is news: the page asks the server what that changes.
    if (span <= 0 && element.dataset.running) document.dispatchEvent(new Event("clock:over"));
    if (span > 0) element.dataset.running = "true"; else delete element.dataset.running;
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("left-late", span < 3600e3);
    element.classList.toggle("left-soon", span >= 3600e3 && span < 6 * 3600e3);
  }
}

setInterval(tick, 1000);
