"""What a figure module uses: `figure` says the result, `measure` times ours and the floor fairly."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.template import Template

KEPT = Path(__file__).resolve().parent.parent.parent / ".bench" / "figures.tsv"
_short: list[str] = []
# This module is read before the test environment wraps it: there every include copies the page's context for the client.
_as_served = Template._render


def figure(name: str, ratio: float, bar: float, ok_when: str = "<=") -> bool:
    """Prints `name ratio bar ok|short`, tab-separated, and keeps the line in .bench/figures.tsv."""
    if ok_when not in {"<=", ">="}:
        raise ValueError(f"ok_when is <= or >=, not {ok_when!r}")
    is_ok = ratio <= bar if ok_when == "<=" else ratio >= bar
    line = f"{name}\t{ratio:.2f}\t{ok_when}{bar:g}\t{'ok' if is_ok else 'short'}"
    print(line, flush=True)
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    if not is_ok:
        _short.append(name)
    return is_ok


def note(text: str) -> None:
    """What a reader wants beside the ratio (absolute times, counts); goes to stderr, so that stdout stays a table."""
    print(f"# {text}", file=sys.stderr, flush=True)


def short_ones() -> list[str]:
    return list(_short)


@contextmanager
def templates_as_served() -> Iterator[None]:
    """Templates render as they do for a user, without the test environment's records."""
    recorded, Template._render = Template._render, _as_served
    try:
        yield
    finally:
        Template._render = recorded


def measure(
    ours: Callable[[], object], floor: Callable[[], object], *, rounds: int = 7, warm: int = 1
) -> tuple[float, float]:
    """Median seconds of each, run by turns, so that a busy moment of the machine falls on both."""
    for _ in range(warm):
        floor()
        ours()
    took: dict[str, list[float]] = {"ours": [], "floor": []}
    for round_no in range(rounds):
        pair = [("floor", floor), ("ours", ours)]
        for name, run in pair if round_no % 2 else reversed(pair):
            began = time.perf_counter()
            run()
            took[name].append(time.perf_counter() - began)
    return statistics.median(took["ours"]), statistics.median(took["floor"])
