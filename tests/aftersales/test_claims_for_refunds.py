"""Refunded, and delivered after all: the refund is the loss, and what the courier agrees to takes its share back."""

import pytest

from logistics.claims import services as claims
from logistics.claims.models import Claim
from logistics.interception import services as interceptions
from logistics.tracking.services import record_events
from merchant.clock import now
from merchant.ledger import services as ledger
from tests.aftersales.factories import case_of, intercepting, package_of, stop
from tests.logistics.factories import scan

pytestmark = pytest.mark.django_db


def delivered_anyway(case, commits):
    intercepting(case)
    with commits():
        stop(case)
    with commits():
        record_events({package_of(case).pk: [scan("signed", now(), city="杭州市", site="杭州余杭")]})
        interceptions.weigh_evidence(package_of(case).pk)
    return Claim.objects.get()


def test_the_draft_asks_for_what_was_refunded(platform, commits):
    case = case_of(platform)

    claim = delivered_anyway(case, commits)

    assert (claim.cause, claim.loss_fen, claim.basis, claim.order_number) == (
        "delivered_anyway",
        8800,
        "refund",
        case.order.number,
    )


def test_an_accepted_claim_takes_its_share_out_of_the_loss_the_refund_booked(platform, commits):
    case = case_of(platform)
    claim = delivered_anyway(case, commits)
    assert ledger.balances(case.shop) == {"loss": 8800, "platform_receivable": -8800}

    claim = claims.file_claim(claim, by=None, through="portal", reference="GD-1")
    assert ledger.balances(case.shop) == {"loss": 8800, "platform_receivable": -8800}
    claim = claims.accept_claim(claim, by=None, agreed_fen=5000)
    claims.book_payment(claim, by=None, paid_fen=5000, through="set_off")

    assert ledger.balances(case.shop) == {"courier_payable": 5000, "loss": 3800, "platform_receivable": -8800}
