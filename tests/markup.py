"""A page's markup for comparing: templates put one element, and where it is long one attribute, on a line."""

import re


def one_line(markup: str) -> str:
    """Line breaks and indentation become one space; none is left at the edges of a tag or of an element's content."""
    text = re.sub(r"\s+", " ", markup)
    text = re.sub(r" (?=>)|(?<=<) ", "", text)
    text = re.sub(r"(<[a-z][^<>]*>) ", r"\1", text)
    return re.sub(r" (?=</)", "", text)
