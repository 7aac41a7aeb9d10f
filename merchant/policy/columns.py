"""How a setting is declared: its label, its default and, as `db_comment`, the code of its rule in docs/rules.md."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

MINUTE, HOUR, DAY = 60, 3600, 86_400
YEAR = 365 * DAY


def fen_setting(label: Any, default: int, rule: str, *, least: int = 0) -> "models.PositiveBigIntegerField[Any, int]":
    validators = [MinValueValidator(least)] if least else []
    return models.PositiveBigIntegerField(label, default=default, validators=validators, db_comment=rule)


def count_setting(
    label: Any, default: int, rule: str, *, least: int = 0, most: int
) -> "models.PositiveIntegerField[Any, int]":
    validators = [MinValueValidator(least), MaxValueValidator(most)]
    return models.PositiveIntegerField(label, default=default, validators=validators, db_comment=rule)


def timer_setting(
    seconds: int, rule: str, *, least: int = 1, why: Any = None
) -> "models.PositiveIntegerField[Any, int]":
    wrong = _("A timer is between one second and one year.")
    validators = [MinValueValidator(least, why or wrong), MaxValueValidator(YEAR, wrong)]
    return models.PositiveIntegerField(rule, default=seconds, validators=validators, db_comment=rule)


def switch_setting(label: Any, rule: str, *, on: bool = False, help_text: Any = "") -> "models.BooleanField[Any, bool]":
    return models.BooleanField(label, default=on, help_text=help_text, db_comment=rule)
