"""The clocks of what people must do run while the shop's people work."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from merchant.clock import SHANGHAI, today
from merchant.policy import services as policy
from merchant.policy.models import Policy
from merchant.policy.road_settings import spans_of
from merchant.policy.working_hours import due_at, unknown_year, working_deadline
from merchant.refusals import Refused
from tests.merchant.factories import make_shop, make_user

HOUR = 3600
OFFICE = {"hours_workday": "09:00-12:00, 13:30-18:00", "hours_weekend": "", "hours_holiday": ""}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_a_shop_that_says_nothing_of_its_hours_works_around_the_clock():
    start = at("2026-11-28 23:50")

    assert working_deadline(Policy(), start, 20 * 60) == at("2026-11-29 00:10")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-30 09:00", 1, "2026-11-30 10:00"),
        ("2026-11-30 11:30", 1, "2026-11-30 14:00"),
        ("2026-11-30 12:10", 1, "2026-11-30 14:30"),
        ("2026-11-30 17:00", 1, "2026-11-30 18:00"),
        ("2026-11-30 17:30", 1, "2026-12-01 09:30"),
        ("2026-11-27 17:30", 1, "2026-11-30 09:30"),
        ("2026-11-28 11:00", 1, "2026-11-30 10:00"),
        ("2026-11-30 09:00", 15, "2026-12-01 18:00"),
        # National Day: off from Thursday the 1st to Wednesday the 7th, and Saturday the 10th is worked for it.
        ("2026-09-30 17:30", 1, "2026-10-08 09:30"),
        ("2026-10-09 17:30", 1, "2026-10-10 09:30"),
    ],
)
def test_an_office_s_clock_waits_over_lunch_the_night_the_weekend_and_the_holiday(start, hours, due):
    assert working_deadline(Policy(**OFFICE), at(start), hours * HOUR) == at(due)


def test_a_shop_may_work_other_hours_at_weekends_and_on_holidays():
    rules = Policy(hours_workday="08:00-22:00", hours_weekend="10:00-16:00", hours_holiday="10:00-11:00")

    assert working_deadline(rules, at("2026-11-28 15:30"), HOUR) == at("2026-11-29 10:30")
    assert working_deadline(rules, at("2026-10-03 10:30"), HOUR) == at("2026-10-04 10:30")


def test_in_a_year_whose_holidays_are_not_known_monday_to_friday_are_worked_and_the_year_is_named():
    new_year = at("2027-01-01 09:00")

    assert working_deadline(Policy(**OFFICE), new_year, HOUR) == at("2027-01-01 10:00")
    assert (unknown_year(new_year.date()), unknown_year(at("2026-11-30 09:00").date())) == (2027, None)


@pytest.mark.django_db
def test_a_timer_of_people_is_due_in_the_hours_of_its_shop():
    shop = make_shop()
    policy.change(shop, by=None, reason="坐班", t_review=1800, **OFFICE)

    rules = policy.current(shop)

    assert due_at(rules, "T-REVIEW", at("2026-11-27 17:50")) == at("2026-11-30 09:20")
    assert working_deadline(shop, at("2026-11-27 17:50"), 1800) == at("2026-11-30 09:20")


@pytest.mark.parametrize("hours", ["9-18", "18:00-09:00", "09:00-18:00, 17:00-20:00", "09:00-25:00", "随时"])
@pytest.mark.django_db
def test_hours_that_are_none_are_refused_in_words(hours):
    shop = make_shop()

    with pytest.raises(Refused) as refusal:
        policy.change(shop, by=None, reason="坐班", hours_weekend=hours)

    assert refusal.value.detail == {"field": "hours_weekend"}
    assert policy.current(shop).version == 0


@pytest.mark.django_db
def test_the_page_of_rules_says_when_the_holidays_of_a_year_ahead_are_not_known(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    address = reverse("policy", args=[shop.pk])
    plain = client.get(address).context["unknown_year"]
    policy.change(shop, by=None, reason="坐班", **OFFICE)

    page = client.get(address)

    ahead = unknown_year(today() + timedelta(days=60))
    assert (plain, page.context["unknown_year"]) == (None, ahead)
    assert ("notice is-wait" in page.content.decode()) == (ahead is not None)


def test_spans_are_minutes_of_the_day():
    assert spans_of("09:00-12:00，13:30—24:00") == [(540, 720), (810, 1440)]
