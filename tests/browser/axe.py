"""What axe finds on a page."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

# Sent once for each page, and only its findings come back: half a megabyte each way was most of the time. No rule asked
# for looks at style sheets, so none is fetched again; `media` is what the rule about sound waits for.
RUN = "options => axe.run(options).then(found => found.violations)"
LESS = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
# Three quarters of axe's time: it works out the ground under each word of a page. Words of the same look on the same
# grounds are equally readable, so it is asked once for each such paint, and answered for it: what axe passes over (a
# disabled button, a word under another) answers for nothing. Words that hang over something else are asked one by one.
CONTRAST = """async (readable) => {
  const known = new Set(readable), paints = new Map(), alone = [], violations = [], styles = new Map();
  const styleOf = (element) => styles.get(element) ?? styles.set(element, getComputedStyle(element)).get(element);
  const paintOf = (element) => {
    const own = styleOf(element);
    const parts = [own.color, own.webkitTextFillColor, own.fontSize, own.fontWeight, own.textShadow];
    let isCovered = false;
    for (let at = element; at; at = at.parentElement) {
      const style = styleOf(at);
      // What paints nothing says nothing, or every depth of the page would have a look of its own.
      for (const [name, nothing] of [['opacity', '1'], ['filter', 'none'], ['mixBlendMode', 'normal']])
        if (style[name] !== nothing) parts.push(name, style[name]);
      if (isCovered) continue;
      const hangs = !['static', 'relative'].includes(style.position) || style.transform !== 'none'
        || style.translate !== 'none' || style.float !== 'none' || /-\\d\\d/.test(style.margin);
      if (style.backgroundColor !== 'rgba(0, 0, 0, 0)' || style.backgroundImage !== 'none')
        parts.push(style.backgroundColor, style.backgroundImage);
      isCovered = !/rgba|\\//.test(style.backgroundColor);
      if (hangs && !isCovered) return null;
    }
    return parts.join('|');
  };
  for (const element of document.body.querySelectorAll('*')) {
    const speaks = element.matches('input:not([type=checkbox], [type=radio], [type=file]), select, textarea')
      || [...element.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    if (!speaks || element.closest(':disabled, [aria-disabled=true]')) continue;
    const box = element.getBoundingClientRect();
    const isForEars = box.width <= 1 && box.height <= 1 || box.bottom + scrollY <= 0 || box.right + scrollX <= 0;
    if (isForEars || !element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const paint = paintOf(element);
    if (paint === null) alone.push(element);
    else if (!known.has(paint)) paints.set(paint, [...(paints.get(paint) ?? []), element]);
  }
  const ask = async (elements) => {
    if (!elements.length) return;
    const found = await axe.run({include: elements}, {
      runOnly: {type: 'rule', values: ['color-contrast']}, resultTypes: ['passes', 'violations'],
      elementRef: true, selectors: false, preload: false,
    });
    for (const rule of found.passes)
      for (const node of rule.nodes) known.add(paintOf(node.element));
    for (const rule of found.violations)
      violations.push({id: rule.id, nodes: rule.nodes.map(({html}) => ({html}))});
  };
  const firsts = [...paints.values()].map((elements) => elements[0]);
  await ask([...alone, ...firsts]);
  await ask([...paints].filter(([paint]) => !known.has(paint)).flatMap(([, elements]) => elements.slice(1)));
  known.delete(null);
  return {readable: [...known], violations};
}"""


def breaches(page: Any, rules: Any = None) -> list[dict[str, Any]]:
    """The violations of these rules (axe's options; without them, of all that axe runs by itself)."""
    _send_axe(page)
    found: list[dict[str, Any]] = page.evaluate(RUN, LESS | (rules or {}))
    return found


# The paints that axe found readable so far, on whatever page.
_readable: set[str] = set()


def unreadable(page: Any) -> list[dict[str, Any]]:
    """The violations of contrast."""
    _send_axe(page)
    found = page.evaluate(CONTRAST, sorted(_readable))
    _readable.update(found["readable"])
    return list(found["violations"])


def _send_axe(page: Any) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
