"""The search for the rate that holds asks about every rate it names."""

import pytest

from tests.bench.figures import highest_rate


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        (37, (35, 40)),
        (80, (80, None)),
        (500, (80, None)),
        (10, (10, 11)),
        (9, (9, 10)),
        (3, (3, 4)),
        (1, (1, 2)),
        (0, (0, 1)),
    ],
)
def test_the_highest_rate_that_holds_is_found_from_ten_up_or_down(limit, found):
    asked = []

    def holds(rate):
        asked.append(rate)
        return rate <= limit

    assert highest_rate(holds, 10, most=80) == found
    held, failed = found
    assert {rate for rate in (held, failed) if rate} <= set(asked)
    assert len(asked) == len(set(asked)) <= 7


def test_a_rate_that_does_not_hold_at_the_start_is_not_called_kept_up_with():
    assert highest_rate(lambda rate: False, 10, most=80) == (0, 1)
