"""Names of values that this app stores without knowing them, such as a courier's code. Whoever knows them says so when
the process starts."""

from collections.abc import Callable

_namers: list[Callable[[str], str]] = []


def register_names(name_of: Callable[[str], str]) -> None:
    """`name_of(value)` gives the name people use, or the value itself where it has none."""
    _namers.append(name_of)


def name_of(value: str) -> str:
    return next((name for namer in _namers if (name := namer(value)) != value), value)
