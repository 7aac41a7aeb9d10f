"""The drawings of the board, as SVG geometry: across in per cent of the width, so that a drawing is as wide as its card
and its words keep their size; down in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

SPARK_WIDTH, SPARK_TOP, SPARK_BASE = 100, 4, 26
WIDTH, TOP, BASE = 100, 12, 212


def spark(values: Sequence[float | None]) -> dict[str, str]:
    """The path of a figure's last days and the area under it; nothing where fewer than two days have a value."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return {}
    low, high = min(value for _place, value in known), max(value for _place, value in known)
    step = SPARK_WIDTH / (len(values) - 1)
    points = [
        f"{place * step:.1f} {SPARK_BASE - (SPARK_BASE - SPARK_TOP) * (value - low) / ((high - low) or 1):.1f}"
        for place, value in known
    ]
    line = "M" + " L".join(points)
    first, last = known[0][0] * step, known[-1][0] * step
    return {"line": line, "area": f"{line} L{last:.1f} 28 L{first:.1f} 28 Z"}


@dataclass
class Mark:
    """One day's column: its bars from the bottom up (class, y, height), its dots (class, y), and what it says."""

    day: date
    title: str
    x: float
    width: float
    label: str = ""
    bars: list[tuple[str, float, float]] = field(default_factory=list)
    dots: list[tuple[str, float]] = field(default_factory=list)

    @property
    def middle(self) -> str:
        return f"{self.x + self.width / 2:.2f}"

    @property
    def bar_x(self) -> str:
        return f"{self.x + self.width * 0.2:.2f}"

    @property
    def bar_width(self) -> str:
        return f"{self.width * 0.6:.2f}"


@dataclass
class Chart:
    """`grid`: (y, label) of the lines; `lines`: (class, points) of each unbroken run of days."""

    marks: list[Mark]
    grid: list[tuple[float, str]]
    lines: list[tuple[str, str]] = field(default_factory=list)


def _marks(days: Sequence[tuple[date, str]]) -> list[Mark]:
    width = WIDTH / len(days)
    every = max(1, -(-len(days) // 10))
    return [
        Mark(day, title, place * width, width, f"{day:%m-%d}" if (len(days) - 1 - place) % every == 0 else "")
        for place, (day, title) in enumerate(days)
    ]


def _top(peak: float) -> float:
    """A round number at or above `peak` that four lines divide."""
    size = 1.0
    while size * 4 < peak:
        size *= 10
    while size > 1 and size * 2 >= peak:
        size /= 10
    return next((size * step for step in (1, 2, 4, 8, 12, 16, 20, 24, 32, 40) if size * step >= peak), size * 40)


def _grid(top: float) -> list[tuple[float, str]]:
    return [(BASE - (BASE - TOP) * part / 4, f"{top * part / 4:g}") for part in range(5)]


def bars(days: Sequence[tuple[date, str, Sequence[tuple[str, int]]]]) -> Chart | None:
    """Stacked columns of whole numbers; nothing where every day is empty."""
    peak = max((sum(value for _css, value in parts) for _day, _title, parts in days), default=0)
    if not peak:
        return None
    top = _top(peak)
    marks = _marks([(day, title) for day, title, _parts in days])
    for mark, (_day, _title, parts) in zip(marks, days, strict=True):
        y: float = BASE
        for css, value in parts:
            height = (BASE - TOP) * value / top
            y -= height
            if value:
                mark.bars.append((css, round(y, 1), round(height, 1)))
    return Chart(marks, _grid(top))


def lines(days: Sequence[tuple[date, str]], series: Sequence[tuple[str, Sequence[float | None]]]) -> Chart | None:
    """One line a series; a day without a value breaks it."""
    known = [value for _css, values in series for value in values if value is not None]
    if not known:
        return None
    top = _top(max(known))
    marks, drawn = _marks(days), []
    for css, values in series:
        heights: list[Any] = [None if v is None else round(BASE - (BASE - TOP) * v / top, 1) for v in values]
        for mark, y in zip(marks, heights, strict=True):
            if y is not None:
                mark.dots.append((css, y))
        points = [(f"{mark.middle},{y}", y is not None) for mark, y in zip(marks, heights, strict=True)]
        for is_known, run in groupby(points, key=lambda point: point[1]):
            text = " ".join(point for point, _known in run)
            if is_known and " " in text:
                drawn.append((css, text))
    return Chart(marks, _grid(top), drawn)
