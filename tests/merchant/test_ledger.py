from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import IntegrityError, transaction

from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerAccount, LedgerEntry
from tests.merchant.factories import make_shop

pytestmark = pytest.mark.django_db
A = LedgerAccount


def approve(shop, number="RF1", amount=8800, **more):
    return ledger.post(
        shop,
        A.REFUNDS_PAID,
        A.REFUNDS_PAYABLE,
        amount,
        kind="refund.approve",
        document=number,
        order_number="O1",
        **more,
    )


def settle(shop, number="RF1", amount=8800, **more):
    return ledger.post(
        shop,
        A.REFUNDS_PAYABLE,
        A.PLATFORM_RECEIVABLE,
        amount,
        kind="refund.settle",
        document=number,
        order_number="O1",
        **more,
    )


def test_an_approved_refund_is_owed_and_a_paid_one_lowers_what_the_platform_owes_us():
    shop = make_shop()

    approve(shop)
    owed = ledger.balances(shop)
    settle(shop)

    assert owed == {"refunds_paid": 8800, "refunds_payable": -8800}
    assert ledger.balances(shop) == {"platform_receivable": -8800, "refunds_paid": 8800}


def test_booking_the_same_document_twice_books_once():
    shop = make_shop()

    assert (approve(shop), approve(shop), approve(shop)) == (True, False, False)
    assert LedgerEntry.objects.filter(shop=shop).count() == 1
    assert ledger.balances(shop) == {"refunds_paid": 8800, "refunds_payable": -8800}


def test_the_legs_of_a_document_and_the_documents_of_other_shops_are_apart():
    shop, other = make_shop(), make_shop()

    assert (approve(shop), approve(shop, leg=1), approve(other)) == (True, True, True)
    assert ledger.balances(shop) == {"refunds_paid": 17_600, "refunds_payable": -17_600}
    assert ledger.balances(other) == {"refunds_paid": 8800, "refunds_payable": -8800}


def test_the_same_document_with_another_amount_is_an_error_and_changes_nothing():
    shop = make_shop()
    approve(shop, amount=8800)

    with pytest.raises(ledger.BookedOtherwise, match=r"refund\.approve RF1 stands with 8800 fen, not 8801"):
        approve(shop, amount=8801)

    assert ledger.balances(shop) == {"refunds_paid": 8800, "refunds_payable": -8800}


def test_a_void_refund_is_taken_back_by_the_reverse_row():
    shop = make_shop()
    approve(shop)

    ledger.post(shop, A.REFUNDS_PAYABLE, A.REFUNDS_PAID, 8800, kind="refund.void", document="RF1")

    assert ledger.balances(shop) == {}
    assert LedgerEntry.objects.filter(shop=shop).count() == 2


def test_fee_and_freight_of_a_stopped_parcel_are_the_shops_and_never_the_buyers():
    """M13: refund 8800 to the buyer, fee 300 and back freight 450 make a cost of 750."""
    shop = make_shop()
    approve(shop)
    settle(shop)

    ledger.post(shop, A.COURIER_COST, A.COURIER_PAYABLE, 300, kind="intercept.fee", document="IC1", is_estimated=True)
    ledger.post(
        shop, A.COURIER_COST, A.COURIER_PAYABLE, 450, kind="intercept.freight", document="IC1", is_estimated=True
    )

    assert ledger.balances(shop) == {
        "courier_cost": 750,
        "courier_payable": -750,
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }


def test_a_cancel_before_shipping_gives_the_subsidy_back_to_the_platform():
    """M6: buyer 17800 back, platform 1000 back, receivable -18800."""
    shop = make_shop()
    approve(shop, amount=17_800)
    settle(shop, amount=17_800)

    ledger.post(shop, A.PLATFORM_SUBSIDY, A.PLATFORM_RECEIVABLE, 1000, kind="refund.subsidy", document="RF1")

    assert ledger.balances(shop) == {"platform_receivable": -18_800, "platform_subsidy": 1000, "refunds_paid": 17_800}


def test_the_balances_always_add_up_to_nothing():
    shop = make_shop()
    for number, amount in enumerate([1, 333, 49_999, 100_000], start=1):
        approve(shop, f"RF{number}", amount)
        if number % 2:
            settle(shop, f"RF{number}", amount)

    assert sum(ledger.balances(shop).values()) == 0


def test_one_orders_balance_can_be_read_alone():
    shop = make_shop()
    approve(shop)
    ledger.post(shop, A.LOSS, A.PLATFORM_RECEIVABLE, 15_000, kind="loss", document="CL1", order_number="O2")

    assert ledger.balances(shop, order_number="O2") == {"loss": 15_000, "platform_receivable": -15_000}


def test_the_book_date_is_the_day_in_shanghai():
    shop = make_shop()
    just_past_midnight = datetime(2026, 1, 31, 16, 0, tzinfo=UTC)

    settle(shop, at=just_past_midnight)
    with time_machine.travel(datetime(2026, 2, 28, 15, 59, tzinfo=UTC), tick=False):
        settle(shop, "RF2")

    dates = LedgerEntry.objects.filter(shop=shop).order_by("document").values_list("book_date", flat=True)
    assert list(dates) == [date(2026, 2, 1), date(2026, 2, 28)]


@pytest.mark.parametrize(
    ("debit", "credit", "amount", "constraint"),
    [
        (A.LOSS, A.OFFLINE_PAYOUTS, 0, "ledger_amount_positive"),
        (A.LOSS, A.OFFLINE_PAYOUTS, -1, "ledger_amount_positive"),
        (A.LOSS, A.LOSS, 1, "ledger_two_accounts"),
    ],
)
def test_the_database_refuses_a_transfer_that_is_none(debit, credit, amount, constraint):
    shop = make_shop()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ledger.post(shop, debit, credit, amount, kind="x", document="D1")

    assert ledger.balances(shop) == {}
