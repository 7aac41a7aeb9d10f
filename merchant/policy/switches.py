"""Settings that hold a switch for each rule of a kind: evidence that may pay, promises to the buyer.

Which switches there are, what each is called and whether a new shop has it on stands in docs/rules.md alone."""

from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from merchant.policy.rules import Rule, all_rules, rule


@lru_cache
def _rules_of(setting: str) -> dict[str, Rule]:
    parts = ((found.setting.partition("."), found) for found in all_rules())
    return {name: found for (its, _dot, name), found in parts if its == setting and name}


@lru_cache
def _defaults_of(setting: str) -> dict[str, bool]:
    return {name: found.value is True for name, found in _rules_of(setting).items()}


class Switches:
    """The switches of one setting, each the rule that names it: `evidence.zto_status` is EV-ZTO-STATUS."""

    def __init__(self, setting: str) -> None:
        self.setting = setting

    def defaults(self) -> dict[str, bool]:
        return dict(_defaults_of(self.setting))

    def choices(self) -> list[tuple[str, str]]:
        """With the titles of the rules, in the language of the page."""
        return [(name, found.title()) for name, found in _rules_of(self.setting).items()]

    def completed(self, held: dict[str, bool]) -> dict[str, bool]:
        """A stored mapping as it is read: the default for a name it does not hold, nothing for one nobody knows."""
        return {name: held.get(name, is_on) for name, is_on in _defaults_of(self.setting).items()}

    def validate(self, held: dict[str, Any]) -> None:
        for name, is_on in held.items():
            if name not in _defaults_of(self.setting) or not isinstance(is_on, bool):
                raise ValidationError(_("This is not one of the choices."))


# What proves that a parcel was stopped.
EVIDENCE = Switches("evidence")
# What the shop promises every buyer, beside what an order names itself (orders.record.enums.Benefit).
BENEFITS = Switches("benefits")
# What an order's review looks at (orders.review.rules).
REVIEW_RULES = Switches("review_rules")


def evidence_defaults() -> dict[str, bool]:
    return EVIDENCE.defaults()


def benefit_defaults() -> dict[str, bool]:
    return BENEFITS.defaults()


def review_defaults() -> dict[str, bool]:
    return REVIEW_RULES.defaults()


def banned_words_by_default() -> list[str]:
    """What a buyer's message may not hold (P-REVIEW-WORDS)."""
    value = rule("P-REVIEW-WORDS").value
    return list(value) if isinstance(value, tuple) else [str(value)]


def couriers_by_default() -> list[str]:
    """The couriers that a new shop may ask to stop a parcel (E08)."""
    value = rule("E08").value
    return list(value) if isinstance(value, tuple) else [str(value)]
