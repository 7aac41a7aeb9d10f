"""What axe finds on a page."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

# Sent once for each page, and only its findings come back: half a megabyte each way was most of the time. No rule asked
# for looks at style sheets, so none is fetched again; `media` is what the rule about sound waits for.
RUN = "options => axe.run(options).then(found => found.violations)"
LESS = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}


def breaches(page: Any, rules: Any = None) -> list[dict[str, Any]]:
    """The violations of these rules (axe's `runOnly`; without them, of all that axe runs by itself)."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN, LESS | ({"runOnly": rules} if rules else {}))
    return found
