"""From the stopped parcel to the refund that pays itself (design: the main road; S1)."""

import pytest

from aftersales.cases.enums import CaseState
from aftersales.refunds.enums import RefundState, Source
from merchant.ledger import services as ledger
from orders.record.enums import OrderState
from tests.aftersales.factories import agent_of, case_of, intercepting, refund_of, stop

pytestmark = pytest.mark.django_db


def test_a_stopped_parcel_pays_the_buyer_back(platform, commits):
    case = case_of(platform)
    agent = agent_of(case.shop)

    intercepting(case, by=agent)
    with commits():
        stop(case)
    case.refresh_from_db()
    refund = refund_of(case)

    assert platform.paid == [(case.order.number, 8800)]
    assert (case.state, case.is_auto) == (CaseState.SUCCESS, True)
    assert (refund.state, refund.source, refund.amount_fen, refund.attempts) == (
        RefundState.SUCCESS,
        Source.INTERCEPTION,
        8800,
        1,
    )
    case.order.refresh_from_db()
    assert (case.order.state, case.order.refunded_fen, case.order.refunding_fen) == (OrderState.CLOSED, 8800, 0)
    assert ledger.balances(case.shop, order_number=case.order.number) == {
        "platform_receivable": -8800,
        "refunds_paid": 8800,
    }
