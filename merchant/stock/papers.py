"""Where the paper behind a stock move is read. The rooms that write such papers say so when the process starts."""

from collections.abc import Callable, Mapping, Sequence

Finder = Callable[[int, Sequence[str]], Mapping[str, str]]
_finders: list[Finder] = []


def register_papers(find: Finder) -> None:
    """`find(shop_id, numbers)` gives the pages of the papers it knows, by number, in one statement a kind of paper."""
    _finders.append(find)


def addresses_of(shop_id: int, numbers: Sequence[str]) -> dict[str, str]:
    """Number → page; a number nobody knows is left out."""
    found: dict[str, str] = {}
    for find in _finders:
        found.update(find(shop_id, numbers))
    return found
