"""Which warehouse sends what (R2.15, R2.46): pure rules over what lies where, each with its reason.

A warehouse that has everything comes before one that has a part: each further box costs a first weight. Among those the
nearest to the buyer is taken, then the one the shop prefers. Where no warehouse has everything the one with the most
goes first and the next sends the rest; what nobody has waits in a box of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from merchant.regions.distances import kilometres

# (warehouse id, sku id) → free units.
Free = dict[tuple[int, int], int]


@dataclass(frozen=True)
class House:
    """A warehouse as the rules see it; the lower its priority, the earlier it is asked."""

    pk: int
    name: str
    province: str = ""
    priority: int = 100


@dataclass(frozen=True)
class Need:
    """`quantity` units of an order's line, each made of `parts` (sku id, units): one part, or those of a bundle."""

    order_id: int
    line_id: int | None
    quantity: int
    parts: tuple[tuple[int, int], ...]

    def of(self, quantity: int) -> "Need":
        return Need(self.order_id, self.line_id, quantity, self.parts)


@dataclass
class Part:
    """What one warehouse puts into one box."""

    house: House
    needs: list[Need]
    reasons: list[dict[str, Any]] = field(default_factory=list)
    is_short: bool = False


def plan(
    needs: Sequence[Need], houses: Sequence[House], free: Free, counted: set[int], province: str, *, may_split: bool
) -> list[Part]:
    """The boxes, and takes what they hold out of `free`. Products that are not in `counted` are nobody's to count: the
    shop keeps no stock of them here, and any warehouse has them."""
    near = sorted(houses, key=lambda house: (_far(house, province), house.priority, house.pk))
    for house in near:
        if all(_has(house, need, free, counted) >= need.quantity for need in _summed(needs)):
            return [_whole(house, needs, near, free, counted, province)]
    if not may_split:
        reason = {"code": "waits", "house": near[0].name}
        return [Part(near[0], list(needs), [reason], is_short=True)]
    return _split(list(needs), near, free, counted, province)


def _far(house: House, province: str) -> float:
    km = kilometres(house.province, province)
    return float("inf") if km is None else km


def _summed(needs: Sequence[Need]) -> list[Need]:
    """Needs of one product together, so that two lines are not promised the same unit."""
    by_parts: dict[tuple[tuple[int, int], ...], Need] = {}
    for need in needs:
        known = by_parts.get(need.parts)
        by_parts[need.parts] = need.of(need.quantity + (known.quantity if known else 0))
    return list(by_parts.values())


def _has(house: House, need: Need, free: Free, counted: set[int]) -> int:
    """How many units of the need the warehouse can send."""
    rooms = [free.get((house.pk, sku), 0) // per for sku, per in need.parts if sku in counted]
    return min(rooms, default=need.quantity)


def _take(house: House, need: Need, free: Free, counted: set[int]) -> None:
    for sku, per in need.parts:
        if sku in counted:
            free[house.pk, sku] = free.get((house.pk, sku), 0) - per * need.quantity


def _whole(
    house: House, needs: Sequence[Need], near: Sequence[House], free: Free, counted: set[int], province: str
) -> Part:
    for need in needs:
        _take(house, need, free, counted)
    nearer = [other.name for other in near[: near.index(house)]]
    if len(near) == 1:
        reason: dict[str, Any] = {"code": "only", "house": house.name}
    elif nearer:
        reason = {"code": "has_all", "house": house.name, "nearer": nearer}
    else:
        km = kilometres(house.province, province)
        reason = {"code": "preferred" if km is None else "nearest", "house": house.name, "km": km}
    return Part(house, list(needs), [reason])


def _split(needs: list[Need], near: Sequence[House], free: Free, counted: set[int], province: str) -> list[Part]:
    parts: list[Part] = []
    rest, left = needs, list(near)
    while rest and left:
        best = max(left, key=lambda house: (sum(_offer(house, rest, free, counted).values()), -near.index(house)))
        offer = _offer(best, rest, free, counted)
        if not any(offer.values()):
            break
        left.remove(best)
        taken = [need.of(offer[place]) for place, need in enumerate(rest) if offer[place]]
        for need in taken:
            _take(best, need, free, counted)
        parts.append(Part(best, taken))
        over = ((need, need.quantity - offer[place]) for place, need in enumerate(rest))
        rest = [need.of(quantity) for need, quantity in over if quantity]
    count = len(parts) + bool(rest)
    for part in parts:
        part.reasons.append({"code": "split" if count > 1 else "only", "house": part.house.name, "boxes": count})
    if rest:
        parts.append(Part(near[0], rest, [{"code": "short", "house": near[0].name}], is_short=True))
    return parts


def _offer(house: House, needs: Sequence[Need], free: Free, counted: set[int]) -> Mapping[int, int]:
    """Place in `needs` → units this warehouse can send of it, all of them at once."""
    trial, offer = dict(free), {}
    for place, need in enumerate(needs):
        offer[place] = max(0, min(need.quantity, _has(house, need, trial, counted)))
        _take(house, need.of(offer[place]), trial, counted)
    return offer
