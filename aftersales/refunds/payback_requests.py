"""How the buyer wishes to be paid back: asked for, told, and granted by a second person where it is not the way the
order was paid (R3.20, R3.21). A granted exception keeps an unsent refund from the channel: it is paid outside, with
proof and by two people. Buyers' card numbers are never kept here."""

import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from aftersales.refunds.enums import FAILED_STATES, UNSENT_STATES, RefundState, Way
from aftersales.refunds.models import Refund, RefundWish
from merchant.clock import now
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, can, check_right
from merchant.refusals import Refused
from merchant.trail import activity

GRANTED = _("The buyer's wish for another way was granted: pay it outside the channel.")
CARD_NUMBER = re.compile(r"\d(?:[ -]?\d){11,}")


@transaction.atomic
def record_wish(case: Case, *, way: str, note: str = "", by: Actor) -> RefundWish:
    """买家意愿: what the buyer said, by an agent. Raises Refused RIGHT, WAY, CARD_NUMBER, CASE_OVER."""
    case = lock(case)
    check_can_record(case, by)
    _check_words(way, note)
    wish = RefundWish.objects.create(
        shop_id=case.shop_id, order_id=case.order_id, case=case, way=way, note=note.strip(), told_at=now(), told_by=by
    )
    activity.record(case, "case.record_wish", by=by, way=way, reason=note.strip())
    return wish


@transaction.atomic
def grant_wish(case: Case, *, by: Actor, shown: int | None = None) -> RefundWish:
    """The second person lets the money go another way than it came: the refund waits for a payout outside the channel.

    Raises Refused RIGHT, SECOND_PERSON, NO_WISH, SENT, WISH_PLATFORM, E16 (`shown` is the wish the page showed)."""
    case = lock(case)
    wish = wish_of(case)
    check_can_grant(case, wish, by)
    assert wish is not None
    if shown is not None and shown != wish.pk:
        raise Refused("E16", _("The buyer's wish has changed since this page was drawn: look again."))
    refund = _unsent(case)
    wish.granted_at, wish.granted_by = now(), by
    wish.save()
    if refund is not None and refund.next_at is not None:
        refund.next_at = None
        refund.save()
    activity.record(case, "case.grant_wish", by=by, way=wish.way, told_by=str(wish.told_by))
    return wish


@transaction.atomic
def ask_buyer(refund: Refund, *, by: Actor) -> RefundWish:
    """The buyer was asked where the money may go: when, and by whom."""
    case = lock(refund.case) if refund.case is not None else None
    refund = lock(refund)
    check_can_ask(refund, by)
    wish = RefundWish.objects.create(
        shop_id=refund.shop_id, order_id=refund.order_id, case=case, refund=refund, asked_at=now(), asked_by=by
    )
    activity.record(refund, "refund.ask_buyer", by=by)
    return wish


@transaction.atomic
def record_answer(refund: Refund, *, way: str, note: str = "", by: Actor) -> RefundWish:
    """What the buyer answered, on the newest question; without one it is a word of its own."""
    case = lock(refund.case) if refund.case is not None else None
    refund = lock(refund)
    check_can_ask(refund, by)
    _check_words(way, note)
    asked = RefundWish.objects.about(refund).filter(refund=refund, way="").first()
    wish = asked or RefundWish(shop_id=refund.shop_id, order_id=refund.order_id, case=case, refund=refund)
    wish.way, wish.note, wish.told_at, wish.told_by = way, note.strip(), now(), by
    wish.save()
    activity.record(refund, "refund.buyer_answered", by=by, way=way, reason=note.strip())
    return wish


def wish_of(case: Case) -> RefundWish | None:
    """The newest word of the buyer on this case."""
    return RefundWish.objects.filter(case=case, order_id=case.order_id).exclude(way="").order_by("-pk").first()


def granted_among(case_ids: Iterable[int]) -> set[int]:
    """Those of these cases whose newest wish is a granted exception; one statement."""
    rows = RefundWish.objects.filter(case_id__in=list(case_ids)).exclude(way="").order_by("case_id", "-pk")
    newest = rows.distinct("case_id").values_list("case_id", "way", "granted_by_id")
    return {case_id for case_id, way, granted_by in newest if way != Way.ORIGINAL and granted_by is not None}


def is_exception_granted(case: Case | None) -> bool:
    """The money of this case must not leave through the channel."""
    # A platform pays back itself: nothing is granted there (`check_can_grant`).
    wish = wish_of(case) if case is not None and not case.is_platform else None
    return wish is not None and wish.is_exception and wish.granted_by_id is not None


def check_goes_through_channel(refund: Refund) -> None:
    """Raises Refused WISH where a granted wish, or a filed payout, sends this money another way."""
    if refund.payout_by_id is not None:
        raise Refused("PAYOUT", _("An offline payout is under way for this refund."))
    if is_exception_granted(refund.case):
        raise Refused("WISH", GRANTED)


def check_can_record(case: Case, by: Actor) -> None:
    """Whoever answers the buyer, or pays the money, while the case is open."""
    if not case.is_open:
        raise Refused("CASE_OVER", _("This case is over: there is nothing left to pay."))
    if not can(by, case.shop_id, Right.RELEASE_REFUND):
        check_right(by, case.shop_id, Right.AGREE_CASE)
    if _is_filed(case):
        raise Refused("PAYOUT", _("An offline payout is under way for this refund."))


def check_can_grant(case: Case, wish: RefundWish | None, by: Actor) -> None:
    """The second person, for an exception, while the money has not left."""
    if wish is None or not wish.is_exception:
        raise Refused("NO_WISH", _("The buyer has not asked for another way: it goes back the way it was paid."))
    if wish.granted_by_id is not None:
        raise Refused("NO_WISH", _("This wish has been granted already."))
    if case.is_platform:
        raise Refused("WISH_PLATFORM", _("The platform pays back itself, the way it was paid: tell the buyer so."))
    if not case.is_open:
        raise Refused("CASE_OVER", _("This case is over: there is nothing left to pay."))
    check_right(by, case.shop_id, Right.APPROVE_REFUND)
    if by is not None and wish.told_by_id == by.pk:
        raise Refused("SECOND_PERSON", _("You wrote down this wish: somebody else must grant it."))
    sent = Refund.objects.filter(case=case).exclude(
        state__in=[*UNSENT_STATES, *FAILED_STATES, RefundState.VOID, RefundState.REJECTED]
    )
    if sent.exists():
        raise Refused("SENT", _("The refund is with the channel already; it cannot be paid another way as well."))


def check_can_ask(refund: Refund, by: Actor) -> None:
    """Anybody who handles the buyer or the money, while it could not be paid in."""
    if refund.state not in FAILED_STATES or hasattr(refund, "successor"):
        raise Refused("REFUND_STATE", _("The money of this refund is not waiting for the buyer's word."))
    if not can(by, refund.shop_id, Right.RELEASE_REFUND):
        check_right(by, refund.shop_id, Right.AGREE_CASE)


def _check_words(way: str, note: str) -> None:
    if way not in Way.values:
        raise Refused("WAY", _("Choose the way the buyer named."))
    if CARD_NUMBER.search(note):
        raise Refused(
            "CARD_NUMBER", _("Leave the card's number out: whoever pays asks for it, and it is kept nowhere here.")
        )


def _is_filed(case: Case) -> bool:
    return (
        Refund.objects.filter(case=case, payout_by__isnull=False)
        .filter(Q(state__in=FAILED_STATES) | Q(state=RefundState.APPROVED))
        .exists()
    )


def _unsent(case: Case) -> Refund | None:
    """The refund of a locked case that the channel has not been told, locked."""
    found = Refund.objects.filter(case=case, state__in=UNSENT_STATES).first()
    return lock(found) if found is not None else None
