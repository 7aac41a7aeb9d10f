from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from cs_workbench.interceptions.checks import value_text
from merchant.ui.formatting import instant_text, length, length_text, money, urgency
from merchant.vault.raw_masking import shown

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("fen", "text"), [(8800, "¥88.00"), (0, "¥0.00"), (-500, "−¥5.00"), (123456789, "¥1,234,567.89"), (None, "–")]
)
def test_sums_are_written_with_two_decimals_and_a_real_minus(fen, text):
    assert money(fen) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 23, 6, 31, 7, tzinfo=UTC), "14:31:07"),
        (datetime(2026, 11, 22, 6, 31, 7, tzinfo=UTC), "11-22 14:31"),
        (datetime(2025, 11, 22, 6, 31, 7, tzinfo=UTC), "2025-11-22 14:31"),
        (datetime(2026, 11, 22, 17, 0, 0, tzinfo=UTC), "01:00:00"),
    ],
)
def test_an_instant_is_as_short_as_shanghai_allows(at, text):
    assert instant_text(at, NOON) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=12), "12 s"),
        (timedelta(minutes=41, seconds=2), "41 min 02 s"),
        (timedelta(hours=3, minutes=41), "3 h 41 min"),
        (timedelta(days=2, hours=5, minutes=59), "2 d 5 h"),
        (timedelta(hours=-1), "1 h 0 min"),
    ],
)
def test_a_length_names_its_two_largest_units(span, text):
    assert length_text(span) == text


def test_below_ten_seconds_a_length_keeps_one_decimal():
    assert (length(1.61), length(timedelta(seconds=9.99)), length(None)) == ("1.6 s", "10.0 s", "–")


@pytest.mark.parametrize(("hours", "css"), [(7, ""), (5.9, "left-soon"), (0.9, "left-late"), (-1, "left-late")])
def test_time_left_grows_warmer_as_it_shrinks(hours, css):
    assert urgency(NOON + timedelta(hours=hours), NOON) == css


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("E02", False, "no"),
        ("E03", "2023-06", "signed, version 2023-06"),
        ("E03", "", "none"),
        ("E04", "refund_only_shipped · applied", "Refund only, shipped·Waiting for the shop"),
        ("E07", 2, "2 parcels"),
        ("E08", "sf", "SF Express"),
        ("E10", 50000, "¥500.00"),
        ("E11", "out_for_delivery", "Out for delivery"),
        ("E12", 23, "read 23 s ago"),
        ("E12", None, "never read"),
        ("E13", "500/12488", "¥5.00 of ¥124.88"),
        ("E14", "", "none"),
        ("E14", "other", "by another shop"),
        ("E16", 3, "version 3"),
    ],
)
def test_a_checked_value_is_shown_in_words(code, value, text):
    assert value_text(code, value) == text


def test_a_raw_message_is_shown_without_personal_data():
    body = (
        '{"data": "{\\"receiverName\\": \\"林小满\\", \\"mobile\\": \\"13900001234\\", \\"billCode\\": \\"78310042196655\\"}",'
        ' "address": "浙江省杭州市余杭区仓前街道文一西路 1 号", "remark": "call 13900001234"}'
    ).encode()

    text = shown(body)

    assert "林小满" not in text and "13900001234" not in text and "文一西路" not in text
    assert "林**" in text and "139****1234" in text and "78310042196655" in text


def test_a_message_that_is_not_text_is_only_counted():
    assert shown(b"\xff\xfe\x00\x01") == "(4 bytes)"
