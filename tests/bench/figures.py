"""What a figure module uses: `figure` says the result, `measure` times ours and the floor fairly."""

import statistics
import subprocess
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


def head(text: str) -> None:
    """A line that belongs to the table without being one of its figures."""
    line = f"# {text}"
    print(line, flush=True)
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def commit() -> str:
    """What was measured: the commit the code stands on, and whether files differ from it."""

    def git(*words: str) -> str:
        told = subprocess.run(["git", *words], cwd=KEPT.parent.parent, capture_output=True, text=True, check=True)
        return told.stdout.strip()

    try:
        return git("describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=, with changes")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


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


def processor_ms(run: Callable[[], object], *, rounds: int = 9, times: int = 10) -> float:
    """Milliseconds of this process's processor one run takes, the median: what others do on the machine is not in it."""
    run()
    took = []
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            run()
        took.append((time.process_time() - began) / times * 1000)
    return statistics.median(took)


def highest_rate(holds: Callable[[int], bool], start: int, *, most: int, step: float = 1.15) -> tuple[int, int | None]:
    """(the highest rate found to hold, the lowest found not to; None when even `most` holds).

    From `start` up by doubling, or down by halving where that one does not hold; then between the two, until they are
    no more than a factor of `step` apart. Every rate is asked of `holds` once; nothing is taken for granted."""
    rate, held, failed = start, 0, None
    while True:
        if holds(rate):
            held = rate
            if rate >= most:
                return held, failed
            if failed is None:
                rate = min(rate * 2, most)
                continue
        else:
            failed = rate
            if held == 0:
                if rate <= 1:
                    return 0, failed
                rate //= 2
                continue
        middle = (held + failed + 1) // 2
        if middle in (held, failed) or failed <= held * step:
            return held, failed
        rate = middle
