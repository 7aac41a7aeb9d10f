"""What goes wrong on purpose, for every call or push alike. Each rate is a share between 0 and 1."""

import random
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Faults:
    """`rate_5xx`, `garbage` and `drop` spoil the answer, half of the time after the work was done.

    `slow_s` (real seconds) delays `slow_rate` of the answers. `duplicate`, `disorder` and `push_loss` are about
    pushes; `qps` throttles calls per second (0 = never).
    """

    rate_5xx: float = 0.0
    garbage: float = 0.0
    drop: float = 0.0
    slow_s: float = 0.0
    slow_rate: float = 1.0
    duplicate: float = 0.0
    disorder: float = 0.0
    qps: int = 0
    push_loss: float = 0.0

    def change(self, told: dict[str, Any]) -> None:
        """Take over what is told; ValueError for a word or number that means nothing."""
        known = {field.name for field in fields(self)}
        for name, value in told.items():
            if name not in known:
                raise ValueError(f"no fault is called {name!r}")
            number = float(value)
            limit = {"slow_s": 120.0, "qps": 100_000.0}.get(name, 1.0)
            if not 0 <= number <= limit:
                raise ValueError(f"{name} must lie between 0 and {limit:g}")
            setattr(self, name, int(number) if name == "qps" else number)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def spoiled(self) -> str:
        """How this answer is spoiled: "", "5xx", "garbage" or "drop"."""
        dice = random.random()
        for name, rate in (("5xx", self.rate_5xx), ("garbage", self.garbage), ("drop", self.drop)):
            if dice < rate:
                return name
            dice -= rate
        return ""

    def delay_s(self) -> float:
        return self.slow_s if self.slow_s and random.random() < self.slow_rate else 0.0

    def happens(self, rate: float) -> bool:
        return rate > 0 and random.random() < rate
