"""Puts a shop's own values beside the defaults of docs/rules.md, both in the page's words."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from merchant.carriers.registry import name_of
from merchant.money import yuan
from merchant.policy.enums import CourierBy, PackCheck
from merchant.policy.models import TIMER_COLUMNS, Policy
from merchant.policy.rules import NONE, Rule

WORDS: dict[str, Callable[[], Any]] = {
    "on": lambda: _("on"),
    "off": lambda: _("off"),
    "success": lambda: _("when stopped"),
    "returned": lambda: _("when back in the warehouse"),
    "finance": lambda: _("finance"),
    "at_once": lambda: _("at once"),
    "order": lambda: _("once an order and day"),
    "view": lambda: _("every look"),
    "own": lambda: _("by role"),
    "shop": lambda: _("the whole shop"),
    **{name: partial(str, label) for name, label in (*CourierBy.choices, *PackCheck.choices)},
}
WORD = re.compile(r"[a-z_]{2,}")


def words(value: str) -> str:
    """`success` → when stopped, `zto, yto` → ZTO, YTO; what is no known word stays."""
    return WORD.sub(lambda word: WORDS[word[0]]() if word[0] in WORDS else name_of(word[0]), value)


def seconds_text(seconds: int) -> str:
    """172800 → 48 hours: the largest unit that leaves nothing over; days only from three on, as the trade says."""
    if seconds % 86_400 == 0 and seconds >= 3 * 86_400:
        return _("%(n)s days") % {"n": seconds // 86_400}
    if seconds % 3600 == 0 and seconds:
        return _("%(n)s hours") % {"n": seconds // 3600}
    if seconds % 60 == 0 and seconds:
        return _("%(n)s minutes") % {"n": seconds // 60}
    return _("%(n)s seconds") % {"n": seconds}


def default_text(rule: Rule) -> str:
    """The default as a person reads it; empty when the rule has none."""
    if isinstance(rule.value, str | tuple):
        return words(rule.default)
    return rule.default_text()


def shop_value(rule: Rule, policy: Policy) -> Any:
    """The raw value this shop decided, or None where the rule has no setting."""
    if rule.setting == NONE:
        return None
    name, _dot, key = rule.setting.partition(".")
    value = getattr(policy, name)
    return value[key] if key else value


def shop_text(rule: Rule, policy: Policy) -> str:
    """What this shop decided, in words; empty where there is nothing to decide."""
    value = shop_value(rule, policy)
    if value is None:
        return ""
    if rule.setting in TIMER_COLUMNS:
        return seconds_text(value)
    if isinstance(value, bool):
        return words("on" if value else "off")
    if rule.setting == "product_url":
        return value or words("off")
    if rule.setting.endswith("_fen"):
        return f"¥{yuan(value)}"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return words(text) if text else words("off")


def is_changed(rule: Rule, policy: Policy) -> bool:
    """Whether the shop's value differs from the one a new shop gets."""
    value = shop_value(rule, policy)
    return value is not None and value != shop_value(rule, Policy())


def mentions(rule: Rule, term: str) -> bool:
    """Whether the code, a title or a text of either language holds `term`, whatever its case."""
    everything = (rule.code, rule.titles.en, rule.titles.zh, rule.texts.en, rule.texts.zh)
    return term.lower() in " ".join(everything).lower()
