"""What a shop decides on the road of an order from payment to the warehouse: review, assignment, confirmation, and when
its people work."""

import re
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.policy.columns import DAY, MINUTE, count_setting, fen_setting, switch_setting, timer_setting
from merchant.policy.enums import GoodsClass
from merchant.policy.switches import banned_words_by_default, review_defaults

AROUND_THE_CLOCK = "00:00-24:00"
SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def spans_of(hours: str) -> list[tuple[int, int]]:
    """`09:00-12:00, 13:30-18:00` as minutes of the day, in their order; nothing for a day nobody works.

    Raises ValueError on what is none, ends before it begins, or overlaps."""
    spans: list[tuple[int, int]] = []
    for part in filter(None, re.split(r"[,，、\s]+", hours.replace("—", "-").replace("：", ":"))):
        found = SPAN.fullmatch(part)
        if found is None:
            raise ValueError(part)
        start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if not (spans[-1][1] if spans else 0) <= start < end <= 1440:
            raise ValueError(part)
        spans.append((start, end))
    return spans


def validate_hours(hours: str) -> None:
    try:
        spans_of(hours)
    except ValueError:
        raise ValidationError(
            _("Write hours as 09:00-18:00, several parts in their order with a comma between them.")
        ) from None


def _hours(label: Any, rule: str, **more: Any) -> "models.CharField[Any, str]":
    return models.CharField(
        label, max_length=60, default=AROUND_THE_CLOCK, validators=[validate_hours], db_comment=rule, **more
    )


class RoadSettings(models.Model):
    fulfil_here = switch_setting(
        _("Orders are prepared and sent from here"),
        "P-FULFIL-HERE",
        help_text=_("Off for a shop that ships with another tool: a paid order then waits for the platform's word."),
    )
    hours_workday = _hours(
        _("Working hours on workdays"), "P-HOURS-WORKDAY", help_text=_("For example 09:00-12:00, 13:30-18:00.")
    )
    hours_weekend = _hours(
        _("Working hours on Saturday and Sunday"), "P-HOURS-WEEKEND", blank=True, help_text=_("Empty: nobody works.")
    )
    hours_holiday = _hours(
        _("Working hours on public holidays"), "P-HOURS-HOLIDAY", blank=True, help_text=_("Empty: nobody works.")
    )
    auto_pass = switch_setting(_("An order without findings passes review by itself"), "P-AUTO-PASS", on=True)
    review_rules = models.JSONField(_("What review looks at"), default=review_defaults, blank=True, db_comment="REV-*")
    review_detail_length = count_setting(
        _("Review: the least characters of road, house and door"), 5, "P-REVIEW-DETAIL", least=1, most=40
    )
    review_goods = ArrayField(
        models.CharField(max_length=16, choices=GoodsClass),
        verbose_name=_("Review: goods this shop sells"),
        default=GoodsClass.sold_by_default,
        blank=True,
        db_comment="P-REVIEW-GOODS",
    )
    review_words = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("Review: words that stop an order when the buyer writes them"),
        default=banned_words_by_default,
        blank=True,
        db_comment="P-REVIEW-WORDS",
    )
    review_price_percent = count_setting(
        _("Review: a unit is sold for at least so many per cent of its list price"), 50, "P-REVIEW-PRICE", most=100
    )
    review_large_fen = fen_setting(_("Review: a large order begins at (yuan)"), 200_000, "P-REVIEW-LARGE", least=1)
    review_credit = count_setting(_("Review: the buyer's credit is at least"), 70, "P-REVIEW-CREDIT", most=100)
    assign_orders = switch_setting(_("Each order gets a person who looks after it"), "P-ASSIGN-ORDERS", on=True)
    confirm_orders = switch_setting(
        _("Each order is confirmed with its buyer"),
        "P-CONFIRM-ORDERS",
        help_text=_("Off: an assigned order goes on to the warehouse at once."),
    )
    stock_sales_days = count_setting(
        _("What to order: days of sales looked at"), 30, "P-STOCK-SALES-DAYS", least=1, most=365
    )
    stock_lead_days = count_setting(
        _("What to order: days until goods come"), 7, "P-STOCK-LEAD-DAYS", least=1, most=365
    )

    t_receive = timer_setting(5 * MINUTE, "T-RECEIVE")
    t_review = timer_setting(10 * MINUTE, "T-REVIEW")
    t_assign = timer_setting(5 * MINUTE, "T-ASSIGN")
    t_confirm = timer_setting(30 * MINUTE, "T-CONFIRM")
    t_duplicate = timer_setting(DAY, "T-DUPLICATE")

    class Meta:
        abstract = True
