from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from merchant import numbers
from merchant.clock import SHANGHAI, now, scaled, shanghai
from merchant.money import fen, yuan


def test_a_number_is_twenty_characters_and_says_the_second_in_shanghai():
    with time_machine.travel(datetime(2026, 11, 23, 17, 5, 9, tzinfo=UTC), tick=False):
        number = numbers.new_number("IC")

    assert (len(number), number[:14]) == (20, "IC261124010509")
    assert set(number[14:]) <= set(numbers.ALPHABET)


def test_numbers_sort_by_time_and_do_not_repeat_within_a_second():
    with time_machine.travel(datetime(2026, 11, 23, 1, 0, 0, tzinfo=UTC), tick=False):
        early = {numbers.new_number("RF") for _ in range(200)}
    with time_machine.travel(datetime(2026, 11, 23, 1, 0, 1, tzinfo=UTC), tick=False):
        late = numbers.new_number("RF")

    assert len(early) == 200
    assert max(early) < late


def test_a_number_has_no_characters_that_are_mistaken_for_each_other():
    assert set("01IO") & set(numbers.ALPHABET) == set()


def test_now_is_an_aware_instant_in_utc():
    with time_machine.travel(datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), tick=False):
        assert (now(), now().utcoffset()) == (datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), timedelta(0))


def test_a_naive_courier_time_is_shanghais():
    as_written = datetime(2026, 11, 23, 8, 30)  # noqa: DTZ001 - the point of the test

    assert shanghai(as_written) == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert shanghai(as_written).tzinfo is SHANGHAI


def test_a_timer_follows_the_running_clock(settings):
    settings.CLOCK_SCALE = 0.001

    assert scaled(timedelta(hours=24)) == timedelta(seconds=86.4)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(8800, "88.00"), (5, "0.05"), (0, "0.00"), (-5, "-0.05"), (128_850, "1,288.50"), (-128_850, "-1,288.50")],
)
def test_fen_are_shown_as_yuan(amount, text):
    assert yuan(amount) == text


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("88", 8800),
        ("88.0", 8800),
        ("1,288.50", 128_850),
        (178.8, 17_880),
        (" ¥0.05 ", 5),
        ("￥12", 1200),
        ("-3", -300),
        ("1e2", 10_000),
    ],
)
def test_yuan_become_fen_exactly(text, amount):
    assert fen(text) == amount


@pytest.mark.parametrize("text", ["", "abc", "0.005", "1.2.3", "nan", "inf", None])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not a"):
        fen(text)
