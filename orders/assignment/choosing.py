"""Whom an order goes to: pure functions over the people of a shop and its rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

# How full somebody is who has no limit: as if they had room for so many.
USUAL = 50


@dataclass
class Candidate:
    """Somebody who may get orders. `load`: the orders they have in hand; it grows as they are given some."""

    user_id: int
    name: str
    load: int = 0
    capacity: int | None = None
    skills: frozenset[str] = frozenset()
    team_id: int | None = None

    @property
    def is_full(self) -> bool:
        return self.capacity is not None and self.load >= self.capacity

    @property
    def fullness(self) -> float:
        return self.load / (self.capacity or USUAL)


@dataclass(frozen=True)
class Wanted:
    """What an order asks for."""

    kind: str
    province: str
    amount_fen: int
    keeper_id: int | None = None


@dataclass(frozen=True)
class Choice:
    """`why`: plain values that `why_text` reads. `to` is None where nobody has room."""

    to: Candidate | None
    rule_name: str = ""
    why: dict[str, Any] = field(default_factory=dict)


def rule_for(wanted: Wanted, rules: Iterable[Any]) -> Any:
    """The first rule whose conditions the order meets, None where none speaks of it."""
    for rule in rules:
        if (
            (not rule.kinds or wanted.kind in rule.kinds)
            and (not rule.provinces or wanted.province in rule.provinces)
            and wanted.amount_fen >= rule.least_fen
            and (not rule.most_fen or wanted.amount_fen < rule.most_fen)
        ):
            return rule
    return None


def choose(wanted: Wanted, people: Sequence[Candidate], rules: Iterable[Any]) -> Choice:
    """Whoever keeps the customer, else the least full of those whom the order's rule allows; of two alike the one with
    fewer orders, then the one who came first. Somebody full gets none."""
    rule = rule_for(wanted, rules)
    fit = [
        one
        for one in people
        if rule is None
        or ((not rule.team_id or one.team_id == rule.team_id) and (not rule.skill or rule.skill in one.skills))
    ]
    name, skill = (rule.name, rule.skill) if rule is not None else ("", "")
    free = [one for one in fit if not one.is_full]
    if not free:
        return Choice(None, name, {"skill": skill, "fit": len(fit)})
    keeper = next((one for one in free if one.user_id == wanted.keeper_id), None)
    chosen = keeper or min(free, key=lambda one: (one.fullness, one.load, one.user_id))
    why = {
        "by": "rule",
        "load": chosen.load,
        "capacity": chosen.capacity,
        "skill": skill,
        "keeper": keeper is not None,
        "others": len(free) - 1,
    }
    return Choice(chosen, name, why)


def why_text(rule_name: str, why: dict[str, Any]) -> str:
    """`Rule "Sichuan": the least busy of 3 with the skill "fresh": 4 of 20 in hand`, in the language of the page."""
    parts = [_("rule “%(name)s”") % {"name": rule_name}] if rule_name else []
    if why.get("by") == "hand":
        parts.append(_("chosen by hand"))
    elif why.get("keeper"):
        parts.append(_("keeps this customer"))
    elif why.get("others"):
        parts.append(_("the least busy of %(n)s") % {"n": why["others"] + 1})
    else:
        parts.append(_("the only one with room"))
    if why.get("skill"):
        parts.append(_("skill “%(skill)s”") % {"skill": why["skill"]})
    if why.get("load") is not None:
        of = {"load": why["load"], "capacity": why.get("capacity")}
        parts.append(_("%(load)s of %(capacity)s in hand") % of if of["capacity"] else _("%(load)s in hand") % of)
    return "; ".join(parts)


def none_text(choice: Choice) -> str:
    """Why nobody gets an order."""
    if not choice.why.get("fit"):
        skill = choice.why.get("skill")
        return _("Nobody here has the skill “%(skill)s”.") % {"skill": skill} if skill else _("Nobody fits the rule.")
    return _("Everybody who may get it is full.")
