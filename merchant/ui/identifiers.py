"""Other people's identifiers in our addresses: `<ref:number>` in a path.

An order number, a courier's name or a waybill is whatever its source wrote: with a slash, a point alone, nothing at
all. A percent sign before a slash does not help, since servers take it away before they look for the page. So what
would change the way through an address is written with a tilde of our own, and read back the same."""

import re

from django.urls import register_converter

# What a server or a browser reads as part of the way, and the tilde itself.
_WRITTEN = {"~": "~7e", "/": "~2f", "\\": "~5c"}
_READ = re.compile(r"~(2e|2f|5c|7e|~)")
_ALONE = {"": "~~", ".": "~2e", "..": "~2e~2e"}


def to_path(identifier: str) -> str:
    """The identifier as one piece of a path, before percent encoding."""
    if identifier in _ALONE:
        return _ALONE[identifier]
    return "".join(_WRITTEN.get(letter, letter) for letter in identifier)


def from_path(piece: str) -> str:
    """The identifier that such a piece stands for; one that nobody wrote with tildes stands for itself."""
    return _READ.sub(lambda found: "" if found[1] == "~" else chr(int(found[1], 16)), piece)


class Reference:
    """Django's path converter for them."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return from_path(value)

    def to_url(self, value: object) -> str:
        return to_path(str(value))


register_converter(Reference, "ref")
