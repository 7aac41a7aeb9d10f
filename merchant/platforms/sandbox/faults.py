"""What the sandbox does wrong on purpose. All rates are chances between 0 and 1, all times seconds before scaling."""

import random
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Faults:
    """The switches of `/control/faults`."""

    rate_5xx: float = 0.0  # HTTP 502 before anything is done
    lost: float = 0.0  # the work is done, the connection drops without an answer
    garbage: float = 0.0  # the work is done, the answer is not JSON
    slow: float = 0.0  # how often an answer is held back …
    slow_s: float = 0.0  # … and how long (not scaled: a time-out at the caller is real time)
    throttle: float = 0.0  # one of the rate limit codes
    duplicate: float = 0.0  # a push is delivered once more after it was acknowledged
    disorder: float = 0.0  # a push waits up to `late_s`, so that later ones overtake it
    late_s: float = 5.0
    lose_push: float = 0.0  # a push is never sent
    withdraw: float = 0.0  # a new case is withdrawn by the buyer within `self_change_s`
    edit: float = 0.0  # … the buyer asks for less
    platform_pay: float = 0.0  # … the platform pays by itself
    self_change_s: float = 20.0
    pay_delay_s: float = 4.0  # from "paying" to "paid"
    abnormal: float = 0.0  # a WeChat Pay refund ends ABNORMAL, a Douyin one failed (card void or frozen)
    short: float = 0.0  # Douyin: the shop's balance does not cover what it agrees to
    by_hand: float = 0.0  # Douyin: this decision is taken on its own pages only
    requests_per_second: float = 300.0  # per method; above it the throttle code 802000

    def changed(self, values: dict[str, Any]) -> "Faults":
        """These switches with some turned. Raises ValueError on an unknown name or a value out of range."""
        names = {field.name for field in fields(self)}
        for name, value in values.items():
            if name not in names:
                raise ValueError(f"no fault {name!r}; there are {', '.join(sorted(names))}")
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name} must be a number of at least 0")
            is_rate = not name.endswith("_s") and name != "requests_per_second"
            if is_rate and value > 1:
                raise ValueError(f"{name} is a chance and must be at most 1")
        return replace(self, **values)

    def as_row(self) -> dict[str, float]:
        return asdict(self)

    def strikes(self, name: str) -> bool:
        """Throw the dice for one switch."""
        chance = getattr(self, name)
        return bool(chance) and random.random() < chance
