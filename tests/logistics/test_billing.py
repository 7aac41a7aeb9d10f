"""What the courier bills for a stopped parcel: the difference to the estimate is booked, once (M13)."""

import pytest

from logistics.interception import services as interceptions
from logistics.interception.billing import bill_interception
from logistics.shipping import services as parcels
from merchant.ledger import services as ledger
from merchant.refusals import Refused
from tests.logistics.factories import running, submitted
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db


def home():
    row = interceptions.succeed_interception(running(), by=None, evidence="status")
    parcels.receive_package(row.package, by=None)
    row.refresh_from_db()
    return row


def costs(row):
    return ledger.balances(row.shop).get("courier_cost", 0), -ledger.balances(row.shop).get("courier_payable", 0)


def test_the_bill_replaces_the_estimate_and_books_the_difference():
    row = home()
    assert (costs(row), row.is_cost_estimated) == ((750, 750), True)

    row = bill_interception(row, by=make_user("finance", row.shop), fee_fen=200, freight_fen=700, reference="B-1")

    assert (row.fee_fen, row.freight_fen, row.is_cost_estimated, costs(row)) == (200, 700, False, (900, 900))


def test_the_same_bill_twice_books_once_and_a_slip_is_put_right():
    row = home()
    for _again in range(2):
        bill_interception(row, by=None, fee_fen=200, freight_fen=70_000)
    assert costs(row) == (70_200, 70_200)

    bill_interception(row, by=None, fee_fen=200, freight_fen=700)
    bill_interception(row, by=None, fee_fen=300, freight_fen=0)

    assert costs(row) == (300, 300)


def test_a_bill_before_the_parcel_is_home_is_not_booked_again_when_it_comes():
    row = interceptions.succeed_interception(running(), by=None, evidence="status")
    bill_interception(row, by=None, fee_fen=200, freight_fen=500)
    parcels.receive_package(row.package, by=None)

    row.refresh_from_db()
    assert (row.cost_fen, costs(row)) == (700, (700, 700))


def test_a_bill_that_only_confirms_the_estimate_books_nothing_and_makes_it_certain():
    row = bill_interception(home(), by=None, fee_fen=300, freight_fen=450)

    assert (row.is_cost_estimated, costs(row)) == (False, (750, 750))


@pytest.mark.parametrize(("role", "may"), [("finance", True), ("owner", True), ("agent", False), ("warehouse", False)])
def test_finance_enters_the_bill(role, may):
    row = home()
    person = make_user(role, row.shop)

    if may:
        bill_interception(row, by=person, fee_fen=0, freight_fen=0)
    else:
        with pytest.raises(Refused) as refused:
            bill_interception(row, by=person, fee_fen=0, freight_fen=0)
        assert refused.value.code == "RIGHT"
    assert costs(row) == ((0, 0) if may else (750, 750))


def test_a_request_the_courier_never_took_costs_nothing():
    with pytest.raises(Refused) as refused:
        bill_interception(submitted(), by=None, fee_fen=1, freight_fen=1)

    assert refused.value.code == "INT-STATE"


def test_a_bill_is_never_below_zero():
    row = home()

    with pytest.raises(Refused) as refused:
        bill_interception(row, by=None, fee_fen=-1, freight_fen=0)

    assert (refused.value.code, costs(row)) == ("AMOUNT", (750, 750))
