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
from merchant.attachments.services import read_files
from merchant.clock import now
from merchant.ledger import services as ledger
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.logistics.factories import make_package
from tests.merchant.factories import make_shop, make_user, photo_upload

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


def fileable(photos=2, **more):
    """A damaged parcel's draft with its inspection and photos."""
    claim = drafted(**{"inspection_number": "QC-1", **more})
    files = read_files([photo_upload(f"{n}.jpg", colour=(n * 40, 0, 0)) for n in range(photos)])
    return claims.add_photos(claim, by=None, files=files) if photos else claim


def accepted(agreed_fen):
    claim = claims.file_claim(fileable(), by=None, through="portal", reference="GD-1")
    return claims.accept_claim(claim, by=None, agreed_fen=agreed_fen)


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


# --- the verbs --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_damaged_parcel_uninsured_leaves_the_shop_a_third_of_the_loss():
    """S14: cost 45000, claimed and paid 30000, loss 15000."""
    claim = fileable()
    agent, finance = make_user("agent", claim.shop), make_user("finance", claim.shop)

    claim = claims.file_claim(claim, by=agent, through="portal", reference="GD-1")
    assert (claim.state, claim.due_at, ledger.balances(claim.shop)) == (
        S.FILED,
        None,
        {"goods": -45_000, "loss": 45_000},
    )
    claim = claims.accept_claim(claim, by=agent, agreed_fen=30_000)
    assert ledger.balances(claim.shop) == {"claims_receivable": 30_000, "goods": -45_000, "loss": 15_000}
    claim = claims.book_payment(claim, by=finance, paid_fen=30_000, through="transfer", reference="B-1")
    claim = claims.close_claim(claim, by=finance)

    assert (claim.state, claim.ending, claim.paid_fen, claim.own_loss_fen) == (S.CLOSED, "paid", 30_000, 15_000)
    assert ledger.balances(claim.shop) == {"courier_receipts": 30_000, "goods": -45_000, "loss": 15_000}


@pytest.mark.django_db
def test_what_the_courier_agreed_and_did_not_pay_is_a_loss_again():
    claim = accepted(agreed_fen=20_000)

    claims.book_payment(claim, by=None, paid_fen=5_000, through="set_off")

    assert ledger.balances(claim.shop) == {"courier_payable": 5_000, "goods": -45_000, "loss": 40_000}


@pytest.mark.django_db
def test_an_agreed_claim_that_is_never_paid_is_given_up_whole():
    claim = accepted(agreed_fen=20_000)

    claim = claims.give_up_claim(claim, by=make_user("finance", claim.shop), reason="insolvent")

    assert (claim.ending, ledger.balances(claim.shop)) == ("given_up", {"goods": -45_000, "loss": 45_000})


@pytest.mark.django_db
def test_a_draft_given_up_books_the_loss_and_takes_another_person():
    shop = make_shop()
    owner = make_user("owner", shop)
    claim = drafted(make_package(shop=shop), by=owner)

    with pytest.raises(Refused) as refused:
        claims.give_up_claim(claim, by=owner, reason="too small")
    claim.refresh_from_db()
    assert (refused.value.code, claim.state, ledger.balances(shop)) == ("SECOND_PERSON", S.DRAFT, {})

    claims.give_up_claim(claim, by=make_user("finance", shop), reason="too small")
    assert ledger.balances(shop) == {"goods": -45_000, "loss": 45_000}


@pytest.mark.django_db
def test_a_claim_for_nothing_lost_takes_the_loss_out_of_the_books():
    claim = claims.file_claim(fileable(), by=None, through="phone", reference="GD-1")

    claim = claims.withdraw_claim(claim, by=make_user("supervisor", claim.shop), reason="the wrong parcel")

    assert (claim.state, claim.ending, ledger.balances(claim.shop)) == (S.CLOSED, "no_loss", {})


@pytest.mark.django_db
def test_a_refusal_is_appealed_once():
    claim = claims.file_claim(fileable(), by=None, through="portal", reference="GD-1")
    claim = claims.reject_claim(claim, by=None, reason="bad packing")
    claim = claims.appeal_claim(claim, by=None, reason="see photo 2")
    claim = claims.reject_claim(claim, by=None, reason="still bad packing")

    with pytest.raises(Refused) as refused:
        claims.appeal_claim(claim, by=None, reason="really")

    claim.refresh_from_db()
    assert (refused.value.code, claim.state, claim.courier_words) == ("APPEALED", S.REJECTED, "still bad packing")
    assert ledger.balances(claim.shop) == {"goods": -45_000, "loss": 45_000}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("photos", "inspection", "code"), [(1, "QC-1", "PHOTOS"), (0, "QC-1", "PHOTOS"), (2, "", "INSPECTION")]
)
def test_a_damaged_parcel_is_not_filed_without_two_photos_and_its_inspection(photos, inspection, code):
    claim = fileable(photos=photos, inspection_number=inspection)

    with pytest.raises(Refused) as refused:
        claims.file_claim(claim, by=None, through="portal", reference="GD-1")

    claim.refresh_from_db()
    assert (refused.value.code, claim.state, ledger.balances(claim.shop)) == (code, S.DRAFT, {})


@pytest.mark.django_db
def test_a_lost_parcel_is_filed_on_its_track_alone():
    claim = drafted(cause=Cause.LOST)

    assert claims.file_claim(claim, by=None, through="portal", reference="GD-1").state == S.FILED


@pytest.mark.django_db
def test_goods_delivered_after_all_are_no_loss_before_something_was_refunded():
    claim = drafted(cause=Cause.DELIVERED_ANYWAY, loss_fen=100)

    with pytest.raises(Refused) as refused:
        claims.file_claim(claim, by=None, through="portal", reference="GD-1")

    claim.refresh_from_db()
    assert (refused.value.code, claim.state) == ("NO-LOSS", S.DRAFT)


@pytest.mark.django_db
def test_a_note_must_explain_an_amount_found_otherwise():
    claim = fileable(basis=Basis.OTHER)

    with pytest.raises(Refused) as refused:
        claims.file_claim(claim, by=None, through="portal", reference="GD-1")
    assert refused.value.code == "BASIS"


@pytest.mark.django_db
@pytest.mark.parametrize(("through", "reference"), [("pigeon", "GD-1"), ("portal", " ")])
def test_filing_says_how_and_under_which_number(through, reference):
    claim = fileable()

    with pytest.raises(Refused) as refused:
        claims.file_claim(claim, by=None, through=through, reference=reference)

    claim.refresh_from_db()
    assert (refused.value.code, claim.state, claim.filed_at) == ("REFERENCE", S.DRAFT, None)


@pytest.mark.django_db
def test_nobody_agrees_to_or_pays_more_than_was_claimed():
    claim = claims.file_claim(fileable(), by=None, through="portal", reference="GD-1")
    for fen in (30_001, 0, -1):
        with pytest.raises(Refused):
            claims.accept_claim(claim, by=None, agreed_fen=fen)
    claim = claims.accept_claim(claim, by=None, agreed_fen=10_000)
    with pytest.raises(Refused):
        claims.book_payment(claim, by=None, paid_fen=10_001, through="transfer")

    claim.refresh_from_db()
    assert (claim.state, claim.agreed_fen, claim.paid_fen) == (S.ACCEPTED, 10_000, 0)


@pytest.mark.django_db
def test_an_edit_changes_what_is_asked_for_and_is_over_once_it_is_filed():
    claim = fileable()
    agent = make_user("agent", claim.shop)

    claim = claims.edit_claim(claim, by=agent, loss_fen=45_000, basis="other", insured_fen=50_000, note="invoice 7")
    assert (claim.claimed_fen, claim.basis, claim.note, claim.is_automatic) == (45_000, "other", "invoice 7", False)
    claim = claims.file_claim(claim, by=agent, through="portal", reference="GD-1")

    with pytest.raises(Refused) as refused:
        claims.edit_claim(claim, by=agent, loss_fen=1, basis="other", insured_fen=None, note="")
    claim.refresh_from_db()
    assert (refused.value.code, claim.loss_fen) == ("CLAIM-STATE", 45_000)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "role", "may"),
    [
        ("edit", "warehouse", True),
        ("edit", "finance", False),
        ("file", "agent", True),
        ("file", "supervisor", True),
        ("file", "owner", True),
        ("file", "warehouse", False),
        ("file", "finance", False),
        ("file", "platform_admin", False),
        ("give_up", "agent", False),
        ("give_up", "finance", True),
        ("withdraw", "agent", False),
        ("withdraw", "supervisor", True),
    ],
)
def test_each_role_does_its_part(verb, role, may):
    claim = fileable()
    person = make_user(role, claim.shop)
    acts = {
        "edit": lambda: claims.edit_claim(claim, by=person, loss_fen=5, basis="other", insured_fen=None, note="x"),
        "file": lambda: claims.file_claim(claim, by=person, through="portal", reference="GD-1"),
        "give_up": lambda: claims.give_up_claim(claim, by=person, reason="why"),
        "withdraw": lambda: claims.withdraw_claim(claim, by=person, reason="why"),
    }

    if may:
        acts[verb]()
    else:
        with pytest.raises(Refused) as refused:
            acts[verb]()
        assert refused.value.code == "RIGHT"
    claim.refresh_from_db()
    assert (claim.version > 2) is may


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "may"), [("finance", True), ("supervisor", True), ("owner", True), ("agent", False)])
def test_finance_books_the_payment(role, may):
    claim = accepted(agreed_fen=100)
    person = make_user(role, claim.shop)

    if may:
        claims.book_payment(claim, by=person, paid_fen=100, through="transfer")
    else:
        with pytest.raises(Refused):
            claims.book_payment(claim, by=person, paid_fen=100, through="transfer")

    claim.refresh_from_db()
    assert (claim.state, claim.paid_fen) == ((S.PAID, 100) if may else (S.ACCEPTED, 0))
