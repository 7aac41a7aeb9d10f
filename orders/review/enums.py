from django.db import models
from django.utils.translation import pgettext_lazy


class Rule(models.TextChoices):
    """What review looks at: the switches of `review_rules`, REV-… in docs/rules.md. The last two are no rules: a person
    sent the order back, or a person looks at every order (P-AUTO-PASS off)."""

    RECIPIENT = "recipient", pgettext_lazy("review", "name and phone")
    ADDRESS = "address", pgettext_lazy("review", "address")
    PLACE = "place", pgettext_lazy("review", "special place")
    GOODS = "goods", pgettext_lazy("review", "goods in scope")
    WORDS = "words", pgettext_lazy("review", "banned words")
    NOTE = "note", pgettext_lazy("review", "buyer's message")
    PRICE = "price", pgettext_lazy("review", "price")
    AMOUNTS = "amounts", pgettext_lazy("review", "amounts")
    DUPLICATE = "duplicate", pgettext_lazy("review", "ordered twice")
    CREDIT = "credit", pgettext_lazy("review", "credit")
    LARGE = "large", pgettext_lazy("review", "large order")
    DOUBT = "doubt", pgettext_lazy("review", "sent back")
    BY_HAND = "by_hand", pgettext_lazy("review", "every order by hand")


class Severity(models.TextChoices):
    """STOP: a person decides. HINT: shown, and stops nothing by itself."""

    STOP = "stop", pgettext_lazy("review", "stops")
    HINT = "hint", pgettext_lazy("review", "hint")


class Outcome(models.TextChoices):
    """What came of one look at an order. WAITING and REJECTED are open: somebody still has to act."""

    WAITING = "waiting", pgettext_lazy("review", "waits for a person")
    PASSED = "passed", pgettext_lazy("review", "passed")
    REJECTED = "rejected", pgettext_lazy("review", "rejected")
    OVERTAKEN = "overtaken", pgettext_lazy("review", "overtaken")
