"""The addresses of pages that list many things."""

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.urls import reverse
from django.utils.http import RFC3986_SUBDELIMS

from merchant.ui.identifiers import to_path

# As reverse() quotes what stands in a path; a slash is no slash by then (merchant.ui.identifiers).
SAFE = RFC3986_SUBDELIMS + "~:@"


def url(name: str, *args: Any) -> str:
    """reverse(), for pages with many addresses of few patterns: each is resolved once and then filled in."""
    return _pattern(name, tuple(isinstance(arg, int) for arg in args)) % tuple(
        arg if isinstance(arg, int) else quote(to_path(arg), safe=SAFE) for arg in args
    )


@lru_cache(maxsize=128)
def _pattern(name: str, are_numbers: tuple[bool, ...]) -> str:
    """The address with a %s for each argument."""
    marks = [900_000_000 + place if is_number else f"mark-{place}-" for place, is_number in enumerate(are_numbers)]
    found = reverse(name, args=marks).replace("%", "%%")
    for mark in marks:
        found = found.replace(str(mark), "%s", 1)
    return found
