"""Claims on couriers: the table, the amounts (M14), one open claim a parcel and cause."""

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django_fsm import can_proceed

from logistics.claims import services as claims
from logistics.claims.enums import Basis, Cause
from logistics.claims.enums import ClaimState as S
from logistics.claims.models import Claim
from merchant.clock import now
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.logistics.factories import make_package
from tests.merchant.factories import make_user

MOVES = {
    "file": ({S.DRAFT}, S.FILED),
    "accept": ({S.FILED, S.APPEALED}, S.ACCEPTED),
    "reject": ({S.FILED, S.APPEALED}, S.REJECTED),
    "appeal": ({S.REJECTED}, S.APPEALED),
    "book_payment": ({S.ACCEPTED}, S.PAID),
    "close": ({S.PAID}, S.CLOSED),
    "give_up": ({S.DRAFT, S.FILED, S.ACCEPTED, S.REJECTED, S.APPEALED}, S.CLOSED),
    "withdraw": ({S.DRAFT, S.FILED, S.REJECTED, S.APPEALED}, S.CLOSED),
}


def drafted(package=None, **more):
    package = package or make_package()
    how = {"by": None, "cause": Cause.DAMAGED, "loss_fen": 45_000, "basis": Basis.GOODS_COST, **more}
    return claims.draft_claim(package, **how)


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(MOVES, S)))
def test_a_claim_moves_only_where_the_table_says(verb, state):
    sources, target = MOVES[verb]
    claim = Claim(state=state)

    assert can_proceed(getattr(claim, verb)) is (state in sources)

    if state in sources:
        getattr(claim, verb)()
        assert claim.state == target


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("insured", "loss", "claimed"),
    [(None, 45_000, 30_000), (None, 29_999, 29_999), (50_000, 45_000, 45_000), (40_000, 45_000, 40_000)],
)
def test_a_draft_asks_for_the_smaller_of_loss_and_cap(insured, loss, claimed):
    package = make_package()
    package.insured_fen = insured

    claim = drafted(package, loss_fen=loss)

    assert (claim.loss_fen, claim.insured_fen, claim.claimed_fen) == (loss, insured, claimed)


@pytest.mark.django_db
def test_the_account_s_contract_goes_before_the_shop_s_cap():
    package = make_package()
    package.account.rate_card["claim_cap_fen"] = 20_000

    assert drafted(package).claimed_fen == 20_000


@pytest.mark.django_db
def test_the_shop_sets_the_cap():
    package = make_package()
    owner = make_user("owner", package.shop)
    policy.change(package.shop, by=owner, reason="new contract", claim_cap_fen=10_000)

    assert drafted(package).claimed_fen == 10_000
    with pytest.raises(Refused) as refused:
        policy.change(package.shop, by=owner, reason="none", claim_cap_fen=0)
    assert refused.value.detail["field"] == "claim_cap_fen"


@pytest.mark.django_db
def test_a_draft_has_72_hours_to_be_filed_and_leaves_a_line():
    before = now()

    claim = drafted()

    assert timedelta(hours=72) <= claim.due_at - before < timedelta(hours=72, minutes=1)
    assert (claim.state, claim.is_automatic, claim.number[:2]) == (S.DRAFT, True, "CL")
    line = Activity.objects.get(subject_kind="claim", subject_id=claim.pk)
    assert (line.verb, line.detail) == ("claim.draft", {"cause": "damaged", "loss_fen": 45_000, "claimed_fen": 30_000})


@pytest.mark.django_db
def test_drafting_twice_is_one_claim_a_parcel_and_cause():
    package = make_package()
    first = drafted(package)

    assert drafted(package).pk == first.pk
    assert drafted(package, cause=Cause.SHORT).pk != first.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(
            shop=package.shop,
            number="CL-2",
            package=package,
            courier=package.courier,
            cause=Cause.DAMAGED,
            loss_fen=1,
            claimed_fen=1,
            basis=Basis.OTHER,
            due_at=now(),
        )


@pytest.mark.django_db
def test_an_automatic_draft_takes_over_a_loss_known_better_and_a_person_s_stays():
    package = make_package()
    drafted(package, loss_fen=10_000)
    better = drafted(package, loss_fen=20_000, basis=Basis.REFUND)

    own = drafted(package, cause=Cause.SHORT, loss_fen=10_000, by=make_user("agent", package.shop))
    still = drafted(package, cause=Cause.SHORT, loss_fen=20_000)

    assert (better.loss_fen, better.claimed_fen, better.basis) == (20_000, 20_000, Basis.REFUND)
    assert (still.pk, still.loss_fen) == (own.pk, 10_000)


@pytest.mark.django_db
def test_the_warehouse_may_draft_and_finance_may_not():
    package = make_package()

    claim = drafted(package, by=make_user("warehouse", package.shop))
    with pytest.raises(Refused) as refused:
        drafted(package, cause=Cause.SHORT, by=make_user("finance", package.shop))

    assert refused.value.code == "RIGHT"
    assert list(Claim.objects.values_list("pk", flat=True)) == [claim.pk]


@pytest.mark.django_db
def test_a_loss_of_nothing_is_no_claim():
    with pytest.raises(Refused) as refused:
        drafted(loss_fen=0)

    assert (refused.value.code, Claim.objects.count()) == ("AMOUNT", 0)
