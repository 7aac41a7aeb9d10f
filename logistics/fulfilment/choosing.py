"""Which courier is proposed for a box (R2.21): the shop's rules first, then cost or speed as the shop prefers, each
candidate with what is known of it. What nobody knows is said to be unknown, never guessed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from logistics.fulfilment.rule_models import CourierRate, CourierRule, CourierSpeed
from merchant.clock import now
from merchant.policy import services as policy
from merchant.policy.enums import CourierBy
from merchant.regions.distances import short_province
from merchant.shops.models import CourierAccount

# Fewer parcels say nothing about a courier.
LEAST_PARCELS = 3
COUNTED_DAYS = 60
NEWEST = 20_000


@dataclass(frozen=True)
class Candidate:
    """One account with what is known: `fen` None where no line of its rate card names the province."""

    account: CourierAccount
    fen: int | None = None
    speed: CourierSpeed | None = None


@dataclass
class Chooser:
    """A shop's accounts, rates, rules and speeds, read once for many boxes."""

    shop_id: int
    accounts: list[CourierAccount] = field(init=False)
    rates: dict[int, list[CourierRate]] = field(init=False)
    rules: list[CourierRule] = field(init=False)
    speeds: dict[tuple[str, str], CourierSpeed] = field(init=False)
    by: str = field(init=False)

    def __post_init__(self) -> None:
        active = CourierAccount.objects.filter(shop_id=self.shop_id, is_active=True)
        self.accounts = list(active.order_by("-has_ewaybill", "via", "pk"))
        self.rates = defaultdict(list)
        for rate in CourierRate.objects.filter(shop_id=self.shop_id).order_by("pk"):
            self.rates[rate.account_id].append(rate)
        rules = CourierRule.objects.filter(shop_id=self.shop_id, is_active=True, account__is_active=True)
        self.rules = list(rules.select_related("account").order_by("place", "pk"))
        self.speeds = {(row.courier, row.province): row for row in CourierSpeed.objects.filter(shop_id=self.shop_id)}
        self.by = policy.current(self.shop_id).courier_by

    def candidates(self, province: str, weight_g: int | None) -> list[Candidate]:
        """Every account; the best known first by what the shop prefers."""
        place = short_province(province)
        found = [self._candidate(account, place, weight_g) for account in self.accounts]
        return sorted(found, key=self._rank)

    def choose(self, province: str, weight_g: int | None) -> tuple[CourierAccount | None, list[dict[str, Any]]]:
        """The account that is proposed and why, as `reasons.py` reads it."""
        place = short_province(province)
        for rule in self.rules:
            if _fits(rule, place, weight_g):
                return rule.account, [{"code": "courier_rule", "place": rule.place}]
        found = self.candidates(province, weight_g)
        if not found:
            return None, [{"code": "no_courier"}]
        best = found[0]
        return best.account, self._why(best, found, place, weight_g)

    def _candidate(self, account: CourierAccount, place: str, weight_g: int | None) -> Candidate:
        lines = self.rates.get(account.pk, [])
        line = next((one for one in lines if place in one.provinces), None)
        line = line or next((one for one in lines if not one.provinces), None)
        cost = line.cost_fen(weight_g or 0) if line else None
        return Candidate(account, cost, self.speeds.get((account.courier, place)))

    def _rank(self, one: Candidate) -> tuple[Any, ...]:
        fen = float("inf") if one.fen is None else one.fen
        hours = float("inf") if one.speed is None else one.speed.hours
        known = (hours, fen) if self.by == CourierBy.SPEED else (fen, hours)
        return (*known, self.accounts.index(one.account))

    def _why(self, best: Candidate, found: list[Candidate], place: str, weight_g: int | None) -> list[dict[str, Any]]:
        if len(found) == 1:
            return [{"code": "courier_only"}]
        by_speed = self.by == CourierBy.SPEED and best.speed is not None
        if by_speed or (best.fen is None and best.speed is not None):
            assert best.speed is not None
            row = best.speed
            return [{"code": "fastest", "hours": row.hours, "province": place, "parcels": row.parcels}]
        if best.fen is None:
            return [{"code": "courier_first"}]
        why: list[dict[str, Any]] = [{"code": "cheapest", "fen": best.fen}]
        return why if weight_g is not None else [*why, {"code": "weight_unknown"}]


def _fits(rule: CourierRule, place: str, weight_g: int | None) -> bool:
    if rule.provinces and place not in rule.provinces:
        return False
    if rule.least_g is None and rule.most_g is None:
        return True
    # A rule about weight says nothing of a box nobody has weighed.
    return weight_g is not None and (rule.least_g or 0) <= weight_g <= (rule.most_g or weight_g)


_MEDIANS = """
WITH newest AS (
    SELECT p.courier, p.order_id, p.shipped_at, p.signed_at
    FROM logistics_package p
    WHERE p.shop_id = %s AND p.state = 'signed' AND p.direction = 'outbound'
        AND p.shipped_at > %s AND p.signed_at > p.shipped_at
    ORDER BY p.id DESC LIMIT %s
)
SELECT n.courier, r.province, count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM n.signed_at - n.shipped_at))
FROM newest n JOIN orders_order o ON o.id = n.order_id JOIN merchant_recipient r ON r.id = o.recipient_id
WHERE r.province <> ''
GROUP BY n.courier, r.province
"""


def count_speeds(shop_ids: Iterable[int]) -> int:
    """Count anew how long couriers take (each night). A parcel counts from leaving us to its signature."""
    made = 0
    for shop_id in shop_ids:
        with connection.cursor() as cursor:
            cursor.execute(_MEDIANS, [shop_id, now() - timedelta(days=COUNTED_DAYS), NEWEST])
            counted = cursor.fetchall()
        rows = [
            CourierSpeed(
                shop_id=shop_id,
                courier=courier,
                province=short_province(province),
                hours=max(1, round(seconds / 3600)),
                parcels=parcels,
                counted_at=now(),
            )
            for courier, province, parcels, seconds in counted
            if parcels >= LEAST_PARCELS and short_province(province)
        ]
        CourierSpeed.objects.filter(shop_id=shop_id).delete()
        made += len(CourierSpeed.objects.bulk_create(rows, ignore_conflicts=True))
    return made
