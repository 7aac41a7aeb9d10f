"""Claims the system drafts by itself: delivered after all, perhaps lost; and takes back when the parcel is found."""

import pytest
from django.db import transaction

from logistics.claims import services as claims
from logistics.claims import sweeps
from logistics.claims.enums import ClaimState as S
from logistics.claims.models import Claim
from logistics.interception import services as interceptions
from logistics.interception import transitions
from logistics.shipping import services as parcels
from merchant.catalog.services import ensure_sku
from merchant.locking import lock
from orders.record.listing_models import Listing
from tests.logistics.factories import make_package, running

pytestmark = pytest.mark.django_db


def stopped(package=None):
    return interceptions.succeed_interception(running(package), by=None, evidence="status")


def at_the_end(verb, package=None):
    """An interception that was stopped and then was `deliver_anyway` or `suspect_loss`."""
    row = stopped(package)
    with transaction.atomic():
        return getattr(transitions, verb)(lock(row))


@pytest.mark.parametrize(("verb", "cause"), [("deliver_anyway", "delivered_anyway"), ("suspect_loss", "lost")])
def test_a_stopped_parcel_that_does_not_come_home_becomes_a_draft(verb, cause, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        row = at_the_end(verb)

    claim = Claim.objects.get()
    assert (claim.cause, claim.state, claim.interception_id, claim.is_automatic) == (cause, S.DRAFT, row.pk, True)
    assert (claim.basis, claim.loss_fen) == ("paid_by_buyer", row.package.order.paid_fen)


@pytest.mark.parametrize("verb", ["deliver_anyway", "suspect_loss"])
def test_the_sweep_finds_what_a_lost_wake_up_left_and_once_is_enough(verb):
    at_the_end(verb)
    assert Claim.objects.count() == 0

    assert sweeps.sweep_claims()["drafted"] == 1
    assert sweeps.sweep_claims()["drafted"] == 0

    assert Claim.objects.count() == 1


def test_a_draft_somebody_closed_does_not_come_back():
    at_the_end("suspect_loss")
    sweeps.sweep_claims()
    claims.withdraw_claim(Claim.objects.get(), by=None, reason="a mistake")

    sweeps.sweep_claims()

    assert list(Claim.objects.values_list("state", "ending")) == [("closed", "no_loss")]


def test_a_parcel_found_takes_its_draft_back_and_a_filed_claim_waits_for_people(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first, second = at_the_end("suspect_loss"), at_the_end("suspect_loss")
    filed = Claim.objects.get(interception=second)
    claims.file_claim(filed, by=None, through="portal", reference="GD-1")

    with django_capture_on_commit_callbacks(execute=True):
        for row in (first, second):
            parcels.receive_package(row.package, by=None)

    found = dict(Claim.objects.values_list("interception_id", "state"))
    assert found == {first.pk: "closed", second.pk: "filed"}
    assert Claim.objects.get(interception=first).ending == "no_loss"


def test_the_sweep_takes_a_found_parcel_s_draft_back():
    row = at_the_end("suspect_loss")
    sweeps.sweep_claims()
    parcels.receive_package(row.package, by=None)

    assert sweeps.sweep_claims()["found"] == 1
    assert Claim.objects.get().state == S.CLOSED


def test_giving_up_the_search_leaves_the_draft_to_be_filed():
    row = at_the_end("suspect_loss")
    sweeps.sweep_claims()

    interceptions.give_up_interception(row, by=None, reason="not found")
    sweeps.sweep_claims()

    assert Claim.objects.get().state == S.DRAFT


def test_the_cost_price_goes_before_what_the_buyer_paid():
    package = make_package()
    line = package.lines.select_related("order_line__listing").get()
    sku = ensure_sku(package.shop_id, code="SKU-1", title="杯")
    sku.cost_fen = 4_500
    sku.save()
    Listing.objects.filter(pk=line.order_line.listing_id).update(sku=sku)

    at_the_end("suspect_loss", package)
    sweeps.sweep_claims()

    claim = Claim.objects.get()
    assert (claim.basis, claim.loss_fen) == ("goods_cost", 4_500 * line.quantity)
