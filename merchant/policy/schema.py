"""The settings of a shop, typed. Every default is a row of docs/rules.md, where each is said in plain words."""

import re
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from merchant.policy import rules as rulebook
from merchant.refusals import Refused

MINUTE, HOUR, DAY = 60, 3600, 86_400

# Seconds. Only timers something runs on stand here; docs/rules.md holds them all.
TIMERS: dict[str, int] = {
    "T-PAY": 30 * MINUTE,
    "T-SHIP": 48 * HOUR,
    "T-SHIP-WARN": 6 * HOUR,
    "T-AUTO-RECEIVE": 10 * DAY,
    "T-AS-PERIOD": 7 * DAY,
    "T-AS-HANDLE": 48 * HOUR,
    "T-AS-WARN": 4 * HOUR,
    "T-INT-ACK": 10 * MINUTE,
    "T-INT-RESULT": 24 * HOUR,
    "T-RETURN-HOME": 10 * DAY,
    "T-INSPECT": 48 * HOUR,
    "T-CLAIM-FILE": 72 * HOUR,
    "T-DISPUTE-OPEN": 7 * DAY,
    "T-NEGO": 24 * HOUR,
    "T-REFUND-POLL": 1 * MINUTE,
    "T-FUNDS": 7 * DAY,
    "T-OFFLINE": 48 * HOUR,
    "T-TRACK-FRESH": 60,
    "T-STOPPED": 24 * HOUR,
    "T-BEN-NO-REASON": 7 * DAY,
    "T-BEN-PRICE": 7 * DAY,
    "T-BEN-MATCH": 7 * DAY,
    "T-BEN-FREIGHT": 7 * DAY,
    "T-BEN-DAMAGE": 48 * HOUR,
    "T-BEN-BREAKAGE": 7 * DAY,
    "T-BEN-ALLERGY": 15 * DAY,
}
WARNABLE = ("E12", "E13", "E15")
# Promises the shop makes to every buyer, beside what an order names itself (orders.record.enums.Benefit).
BENEFITS = {
    "price_match": False,
    "host_guarantee": False,
    "late_ship": False,
    "price_protection": False,
    "refund_no_return": False,
    "breakage_return": False,
    "damage_return": False,
    "allergy_return": False,
    "return_freight": False,
    "counterfeit": False,
    "no_reason_return": True,
    "instant_refund": False,
}


def evidence_rules() -> dict[str, str]:
    """What may prove a stop and pay by itself, by its switch, and the rule that says so: the closed list is the one of
    docs/rules.md, whatever couriers there are."""
    rules = (rule for rule in rulebook.all_rules() if rule.setting.startswith("evidence."))
    return {rule.setting.removeprefix("evidence."): rule.code for rule in rules}


def evidence() -> dict[str, bool]:
    """The switches as they are delivered."""
    return {name: bool(rulebook.rule(code).value) for name, code in evidence_rules().items()}


def couriers_by_default() -> tuple[str, ...]:
    """The couriers that may be asked to stop a parcel in a new shop (E08)."""
    value = rulebook.rule("E08").value
    return value if isinstance(value, tuple) else (str(value),)


@dataclass(frozen=True)
class ShopPolicy:
    """What a shop decided, as of one version. Money in fen, `timers` in seconds."""

    version_id: int | None = None
    version: int = 0
    intercept_couriers: tuple[str, ...] = field(default_factory=couriers_by_default)
    intercept_limit_fen: int = 50_000
    intercept_limit_on_parcel_sum: bool = False
    warn_only: tuple[str, ...] = ()
    auto_agree: bool = True
    pay_when: str = "success"
    auto_submit: bool = False
    evidence: dict[str, bool] = field(default_factory=evidence)
    second_person_fen: int = 100_000
    claim_cap_fen: int = 30_000
    release_manual_refunds: str = "finance"
    refund_window: str = ""
    pii_quota_per_day: int = 100
    pii_count: str = "order"
    keep_raw_days: int = 90
    arrive_balance_minutes: int = 5
    arrive_card_days: int = 3
    arrive_platform_days: int = 3
    forced_reads_per_day: int = 5
    benefits: dict[str, bool] = field(default_factory=lambda: dict(BENEFITS))
    late_ship_percent: int = 5
    late_ship_min_fen: int = 100
    late_ship_max_fen: int = 3_000
    price_match_times: int = 1
    counterfeit_times: int = 9
    return_freight_cap_fen: int = 1_200
    refund_no_return_fen: int = 2_000
    instant_refund_fen: int = 20_000
    instant_refund_credit: int = 70
    product_url: str = ""
    bulk_address_limit: int = 20
    agent_scope: str = "own"
    only_assignee_decides: bool = False
    timers: dict[str, int] = field(default_factory=lambda: dict(TIMERS))


CHOICES: dict[str, tuple[str, ...]] = {
    "pay_when": ("success", "returned"),
    "release_manual_refunds": ("finance", "at_once"),
    "pii_count": ("order", "view"),
    "refund_window": ("", "09:00-21:00"),
    "agent_scope": ("own", "shop"),
}
OWN_FIELDS = [f.name for f in fields(ShopPolicy) if f.name not in {"version_id", "version"}]


def read(body: dict[str, Any], *, version_id: int | None = None, version: int = 0) -> ShopPolicy:
    """A stored body as a policy; what it does not name takes today's default."""
    known = {name: value for name, value in body.items() if name in OWN_FIELDS}
    for name in ("intercept_couriers", "warn_only"):
        if name in known:
            known[name] = tuple(known[name])
    for name, default in (("timers", TIMERS), ("evidence", evidence()), ("benefits", BENEFITS)):
        known[name] = {**default, **known.get(name, {})}
    return ShopPolicy(version_id=version_id, version=version, **known)


def check(body: dict[str, Any]) -> None:
    """Raise Refused("POLICY", …, field=…) on the first value that cannot be a setting."""
    defaults = ShopPolicy()
    for name, value in body.items():
        if name not in OWN_FIELDS:
            raise _wrong(name, _("There is no such setting."))
        default = getattr(defaults, name)
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise _wrong(name, _("This setting is on or off."))
        elif isinstance(default, int):
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise _wrong(name, _("This setting is a whole number, zero or more."))
        elif isinstance(default, tuple):
            if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
                raise _wrong(name, _("This setting is a list of words."))
        elif isinstance(default, dict):
            if not isinstance(value, dict):
                raise _wrong(name, _("This setting holds a value for each name."))
        elif name == "product_url":
            if not is_product_url(value):
                raise _wrong(name, _("An address of product pages begins with https:// and holds {item} once."))
        elif value not in CHOICES[name]:
            raise _wrong(name, _("This is not one of the choices."))
    if body.get("keep_raw_days") == 0:
        raise _wrong("keep_raw_days", _("Raw messages are kept for a day at least."))
    for name in ("arrive_balance_minutes", "arrive_card_days", "arrive_platform_days"):
        if not 1 <= body.get(name, 1) <= 60:
            raise _wrong(name, _("An arrival takes one to sixty minutes or working days."))
    if body.get("claim_cap_fen") == 0:
        raise _wrong("claim_cap_fen", _("The most a courier pays is more than nothing."))
    if body.get("forced_reads_per_day") == 0:
        raise _wrong("forced_reads_per_day", _("One read out of turn a day is the least: a stop needs it."))
    if body.get("bulk_address_limit") == 0:
        raise _wrong("bulk_address_limit", _("One address at a time is the least."))
    if bad := [code for code in body.get("warn_only", ()) if code not in WARNABLE]:
        raise _wrong("warn_only", _("Only E12, E13 and E15 may be turned into a warning."), codes=bad)
    for group, known in (("evidence", evidence()), ("benefits", BENEFITS)):
        for name, is_on in body.get(group, {}).items():
            if name not in known or not isinstance(is_on, bool):
                raise _wrong(group, _("This is not one of the choices."), which=name)
    for name in ("late_ship_percent", "instant_refund_credit", "price_match_times", "counterfeit_times"):
        if body.get(name, 0) > 100:
            raise _wrong(name, _("This is at most 100."))
    for name, seconds in body.get("timers", {}).items():
        if (
            name not in TIMERS
            or not isinstance(seconds, int)
            or isinstance(seconds, bool)
            or not 1 <= seconds <= 365 * DAY
        ):
            raise _wrong(name, _("A timer is between one second and one year."))
    if body.get("timers", {}).get("T-BEN-NO-REASON", 7 * DAY) < 7 * DAY:
        raise _wrong("T-BEN-NO-REASON", _("The law gives the buyer seven days; a shop may only give more."))


def is_product_url(text: Any) -> bool:
    """Empty, or an address of the web with one `{item}` behind its host."""
    if not isinstance(text, str) or len(text) > 300:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    rest = text.replace("{item}", "", 1)
    return not text or (
        parts.scheme == "https"
        and bool(re.fullmatch(r"[A-Za-z0-9.-]+", parts.netloc))
        and rest != text
        and not re.search(r"[\s{}<>\"'\\\x00-\x1f]", rest)
    )


def _wrong(name: str, why: Any, **detail: Any) -> Refused:
    return Refused("POLICY", why, field=name, **detail)


def timer_length(rules: ShopPolicy, name: str) -> timedelta:
    return timedelta(seconds=rules.timers[name])
