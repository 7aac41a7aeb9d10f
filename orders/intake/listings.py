"""Titles made findable: two-character pieces for the index, a digest that tells two titles of one item apart."""

import hashlib


def bigrams(title: str) -> list[str]:
    """The distinct two-character pieces of the lower-cased title, without blanks, sorted."""
    letters = "".join(title.lower().split())
    return sorted({letters[i : i + 2] for i in range(len(letters) - 1)})


def title_hash(title: str, spec: str) -> bytes:
    return hashlib.blake2b(f"{title}\0{spec}".encode(), digest_size=16).digest()
