"""When a shop's people work: the clocks of what people must do run in these hours, a platform's clocks never stop.

Which days are public holidays, and which Saturdays and Sundays are worked for them (调休), is decreed each autumn for
the year to come. The calendar's library knows the years up to then; in a year it does not know Monday to Friday are
workdays and no day is a holiday, and `unknown_year` says so."""

from datetime import date, datetime, time, timedelta
from typing import Any

import chinese_calendar

from merchant.clock import SHANGHAI
from merchant.policy import services as policy
from merchant.policy.models import Policy
from merchant.policy.road_settings import AROUND_THE_CLOCK, spans_of

DAY = timedelta(days=1)
# Longer than any timer: a shop whose people never work has no end to wait for.
MOST_DAYS = 1500


def hours_on(rules: Policy, day: date) -> list[tuple[int, int]]:
    """The spans of minutes in which people work on a day."""
    return spans_of(getattr(rules, f"hours_{_kind_of(day)}"))


def unknown_year(day: date) -> int | None:
    """The year of this day where its holidays are not known here yet."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return day.year
    return None


def working_deadline(shop: Any, start: datetime, seconds: float) -> datetime:
    """When so many seconds of the shop's working hours have passed since `start`. `shop`: a Shop, its id, or its rules
    (a Policy) where the caller has read them. The seconds are those of the running clock (`policy.timer`)."""
    rules = shop if isinstance(shop, Policy) else policy.current(shop)
    left = timedelta(seconds=seconds)
    if all(getattr(rules, f"hours_{kind}") == AROUND_THE_CLOCK for kind in ("workday", "weekend", "holiday")):
        return start + left
    at = start.astimezone(SHANGHAI)
    midnight = datetime.combine(at.date(), time(), tzinfo=SHANGHAI)
    for _day in range(MOST_DAYS):
        for first, last in hours_on(rules, midnight.date()):
            begin = max(at, midnight + timedelta(minutes=first))
            end = midnight + timedelta(minutes=last)
            if begin >= end:
                continue
            if begin + left <= end:
                return begin + left
            left -= end - begin
        midnight += DAY
    return start + timedelta(seconds=seconds)


def due_at(rules: Policy, timer: str, start: datetime) -> datetime:
    """When a people's clock that starts then runs out; the timer by its rule (T-REVIEW)."""
    return working_deadline(rules, start, policy.timer(rules, timer).total_seconds())


def _kind_of(day: date) -> str:
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return "weekend" if day.weekday() >= 5 else "workday"
    if not is_off:
        return "workday"
    return "holiday" if name else "weekend"
