"""The refund's verbs before and after the channel: create, approve, reject, void, release, replace.

Σ refunds ≤ paid (M5) is held by reserving the money on the order when a refund is created. Callers that hold a case
lock it before calling (lock order: case → refund → order). Sending, asking and settling live in `sending.py`, payouts
outside the channel in `payouts.py`, the buyer's wishes in `payback_requests.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseKind, CaseState, CaseTag
from aftersales.cases.models import Case
from aftersales.cases.packing_stop import check_still_in_house, stop_packing
from aftersales.cases.transitions import move, reopen
from aftersales.channels import registry
from aftersales.refunds import bookings, calculator, payback_requests, policies, shares
from aftersales.refunds.clocks import send_at
from aftersales.refunds.enums import (
    POLICY_SOURCES,
    UNSENT_STATES,
    RefundKind,
    RefundState,
    Source,
)
from aftersales.refunds.models import Refund, RefundLine
from aftersales.refunds.signals import announce_paid
from merchant.clock import now
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.people.rights import hold_limits
from merchant.policy import services as shop_policies
from merchant.prepared import first_of
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake
from orders.payments import services as payments
from orders.payments.models import Payment
from orders.record.models import Order


def create_refund(order: Order, **how: Any) -> Refund:
    """`make_refunds` for a caller who goes on after a refusal: nothing has changed then. Returns the first."""
    with transaction.atomic():
        return make_refunds(order, **how)[0]


def make_refunds(
    order: Order,
    *,
    parts: Mapping[int, int],
    freight_fen: int = 0,
    source: str,
    by: Actor,
    case: Case | None = None,
    interception: Any = None,
    kind: str = RefundKind.REFUND,
    replaces: Sequence[Refund] = (),
    payment: Payment | None = None,
    reason: str = "",
) -> list[Refund]:
    """Set the money aside and make the documents, one for each payment it goes back to (`shares.share`), or for
    `payment` alone; approve them at once unless a second person must look. In the caller's transaction, which a refusal
    must undo. `replaces` are closed numbers whose money these take over.

    Raises Refused M5 (more than is left), NO_PAYMENT, PAYMENTS, NO_CHANNEL, LIVE_REFUND (the case has one), COUNT."""
    fen = sum(parts.values()) + freight_fen
    found = shares.share(order, fen, case=case, payment=payment, without=[row.pk for row in replaces])
    is_outside = payback_requests.is_exception_granted(case)
    for one in found:
        _check_window(one.payment, registry.get(one.payment.channel).window, is_outside=is_outside)
    rules = shop_policies.current(order.shop_id)
    # Nobody's own limit is asked for money that a rule pays: whether it is approved is known before it is written.
    is_by_rule = by is None or source in POLICY_SOURCES
    asks = partial(policies.needs_second_person, order, fen, source=source, by=by, rules=rules)
    why = asks() if is_by_rule else ""
    is_approved = is_by_rule and not why
    old = {row.payment_id: row for row in replaces}
    made = []
    for paid, own_parts, own_freight in shares.carve(found, parts, freight_fen):
        refund = _new(
            order, paid, parts=own_parts, freight_fen=own_freight, source=source, by=by, case=case,
            interception=interception, kind=kind, replaces=old.get(paid.pk), reason=reason,
        )  # fmt: skip
        if is_approved:
            _mark_approved(refund, by=by, deadline=_deadline(case), is_outside=is_outside)
        _insert(refund)
        lines = payments.reserve_money(order, parts=own_parts, freight_fen=own_freight)
        _write_lines(refund, own_parts, calculator.breakdowns_of(own_parts, lines))
        made.append(refund)
    hold_limits(by, order.shop_id)
    if not is_by_rule:
        why = asks()
    for refund in made:
        activity.record(
            refund,
            "refund.create",
            by=by,
            to_state=RefundState.CREATED,
            reason=reason,
            amount_fen=refund.amount_fen,
            freight_fen=refund.freight_fen,
            source=str(source),
            case=case.number if case else "",
            second_person=why,
        )
    if why:
        return made
    for refund in made:
        if not is_approved:
            _mark_approved(refund, by=by, deadline=_deadline(case), is_outside=is_outside)
            refund.save()
        _follow_up(refund, by=by)
    return made


@transaction.atomic
def approve_refund(refund: Refund, *, by: Actor) -> Refund:
    """同意退款, by the second person. Raises Refused RIGHT, SECOND_PERSON, LIMIT, REFUND_STATE."""
    case, refund = lock_with_case(refund.pk)
    policies.check_can_approve(refund, by)
    hold_limits(by, refund.shop_id)
    policies.check_has_room(refund, by)
    if case is not None and case.kind == CaseKind.REFUND_ONLY_UNSHIPPED:
        check_still_in_house(case.order_id)
    is_outside = payback_requests.is_exception_granted(case)
    _mark_approved(refund, by=by, deadline=_deadline(case), is_outside=is_outside)
    refund.save()
    return _follow_up(refund, by=by)


@transaction.atomic
def reject_refund(refund: Refund, *, by: Actor, reason: str) -> Refund:
    """The second person, or finance, says no: the money is free again and the case is back with people. What the case
    has set aside on other payments, and nobody has sent, goes with it: it was one decision."""
    if not reason.strip():
        raise Refused("REASON", _("Say why."))
    case, refund = lock_with_case(refund.pk)
    policies.check_can_reject(refund, by)
    take_back(refund, "reject", by=by, reason=reason)
    if case is not None:
        take_back_unsent(case, "reject", by=by, reason=reason)
    if case is not None and case.state == CaseState.REFUNDING:
        reopen(case, by=by, reason=reason, tag=CaseTag.REFUND_STOPPED, tag_reason="REJECTED")
    return refund


@transaction.atomic
def void_refund(refund: Refund, *, by: Actor, reason: str) -> Refund:
    """Overtaken before it was sent: the money is free again. The caller moves the case. Raises Refused REFUND_STATE."""
    _case, refund = lock_with_case(refund.pk)
    if refund.state not in UNSENT_STATES:
        raise policies.wrong_state(refund)
    return take_back(refund, "void", by=by, reason=reason)


@transaction.atomic
def release_refund(refund: Refund, *, by: Actor) -> Refund:
    """放款: finance lets an approved refund go out now, ahead of any window. Raises Refused RIGHT, SECOND_PERSON."""
    _case, refund = lock_with_case(refund.pk)
    policies.check_can_release(refund, by)
    registry.get(refund.channel)
    payback_requests.check_goes_through_channel(refund)
    refund.released_by, refund.next_at = by, now()
    refund.save()
    activity.record(refund, "refund.release", by=by, to_state=refund.state)
    wake("aftersales.send_refund", refund_id=refund.pk)
    return refund


@transaction.atomic
def replace_refund(refund: Refund, *, by: Actor, reason: str = "") -> Refund:
    """A closed number can never pay again: a new one takes over its money, once (unique `replaces`)."""
    case, refund = lock_with_case(refund.pk)
    policies.check_can_replace(refund, by)
    parts, order = refund.parts, refund.order
    payments.release_money(order, parts=parts, freight_fen=refund.freight_fen)
    bookings.take_back(refund)
    successor = create_refund(
        order,
        parts=parts,
        freight_fen=refund.freight_fen,
        source=Source.MANUAL,
        by=by,
        case=case,
        interception=refund.interception,
        kind=refund.kind,
        replaces=[refund],
        payment=refund.payment,
        reason=reason,
    )
    activity.record(refund, "refund.replace", by=by, reason=reason, successor=successor.number)
    if case is not None and case.state == CaseState.REFUND_FAILED:
        move(case, "retry", by=by, reason=reason, refund=successor.number)
    return successor


@transaction.atomic
def book_paid_refund(
    order: Order,
    *,
    parts: Mapping[int, int],
    freight_fen: int,
    case: Case | None,
    channel_number: str,
    paid_at: datetime | None = None,
    kind: str = RefundKind.REFUND,
    replaces: Refund | None = None,
) -> Refund:
    """Money the platform has moved by itself (law 8): a SUCCESS refund with no call. Raises Refused M5, NO_PAYMENT."""
    refund = _new(
        order,
        registry.payment_of(order),
        parts=parts,
        freight_fen=freight_fen,
        source=Source.PLATFORM,
        by=None,
        case=case,
        interception=None,
        kind=kind,
        replaces=replaces,
        reason="",
        state=RefundState.SUCCESS,
        channel_number=channel_number,
        settled_at=paid_at or now(),
    )
    _insert(refund)
    _write_lines(refund, parts, {})
    if not payments.adopt_refund_before(order, parts=parts, freight_fen=freight_fen):
        payments.reserve_money(order, parts=parts, freight_fen=freight_fen)
        payments.settle_money(order, parts=parts, freight_fen=freight_fen)
    bookings.approved(refund)
    bookings.paid(refund)
    activity.record(
        refund, "refund.book", by=None, to_state=refund.state, amount_fen=refund.amount_fen, source=Source.PLATFORM
    )
    return refund


def live_refunds(case: Case) -> list[Refund]:
    """The refunds of this case whose money may still leave or has left: one for each payment it goes back to."""
    return list(Refund.objects.live().filter(case=case).order_by("pk"))


def hold_live_refund(case: Case) -> Refund | None:
    """The live refund of a locked case of a platform, which pays one, held, with its order read beside it."""
    rows = Refund.objects.live().to_move().filter(case=case).select_related("order").order_by("pk")
    return rows.select_for_update(of=("self",), no_key=True).first()


def replace_closed(case: Case) -> Refund | None:
    """The closed, unreplaced number of a locked case whose money a new refund takes over: its reservation and its
    debt are given back, and the new row names it as `replaces`. None when there is none."""
    found = closed_refunds().filter(case=case).values_list("pk", flat=True).first()
    return None if found is None else take_over(found)


def closed_refunds() -> QuerySet[Refund]:
    """Closed, and no new number has taken their money over; the latest first."""
    return Refund.objects.filter(state=RefundState.CLOSED, successor__isnull=True).order_by("-pk")


def take_over(refund_id: int) -> Refund:
    """`replace_closed` where its id is known already."""
    found = lock(Refund(pk=refund_id))
    payments.release_money(found.order, parts=found.parts, freight_fen=found.freight_fen)
    bookings.take_back(found)
    return found


def settle_as_paid(refund: Refund, *, channel_number: str = "", paid_at: datetime | None = None) -> Refund:
    """A locked refund that was sent, and whose money has moved: settle, book, record. The caller moves the case."""
    before = refund.state
    refund.settle()
    refund.channel_number = channel_number or refund.channel_number
    refund.settled_at, refund.next_at, refund.due_at, refund.error = paid_at or now(), None, None, ""
    refund.save()
    payments.settle_money(refund.order, parts=refund.parts, freight_fen=refund.freight_fen)
    bookings.paid(refund)
    activity.record(
        refund,
        "refund.settle",
        by=None,
        from_state=before,
        to_state=refund.state,
        amount_fen=refund.amount_fen,
        channel_number=refund.channel_number,
    )
    announce_paid(refund)
    return refund


def lock_with_case(refund_id: int) -> tuple[Case | None, Refund]:
    """Fresh copies of a refund and its case, held until the transaction ends: the case before the refund, the order in
    which everybody locks them. The order is read beside them, as it stood before a wait."""
    # One statement locks both, in the order of `of`. Both are one shop's: said so that the join is an inner one.
    found = first_of("lock_with_case", _with_case, pk=refund_id)
    if found is not None:
        return found.case, found
    return None, Refund.objects.to_move().select_related("order").select_for_update(of=("self",), no_key=True).get(
        pk=refund_id
    )


def _with_case(pk: int) -> QuerySet[Refund]:
    rows = Refund.objects.to_move().filter(pk=pk, case__shop_id=F("shop_id")).select_related("case", "order")
    return rows.select_for_update(of=("case", "self"), no_key=True)


def take_back(refund: Refund, verb: str, *, by: Actor, reason: str) -> Refund:
    """Reject or void a locked refund: its money is free again and an approval is booked back."""
    before = refund.state
    was_booked = before != RefundState.CREATED
    getattr(refund, verb)()
    refund.next_at = refund.due_at = None
    refund.reason = reason[:300]
    refund.save()
    payments.release_money(refund.order, parts=refund.parts, freight_fen=refund.freight_fen)
    if was_booked:
        bookings.take_back(refund)
    activity.record(refund, f"refund.{verb}", by=by, from_state=before, to_state=refund.state, reason=reason)
    return refund


def take_back_unsent(case: Case, verb: str, *, by: Actor, reason: str) -> list[Refund]:
    """Reject or void every refund of a locked case that no channel has been told. Returns them."""
    rows = Refund.objects.to_move().filter(case=case, state__in=UNSENT_STATES).select_related("order").order_by("pk")
    held = list(rows.select_for_update(of=("self",), no_key=True))
    return [take_back(refund, verb, by=by, reason=reason) for refund in held]


def _mark_approved(refund: Refund, *, by: Actor, deadline: datetime | None, is_outside: bool) -> None:
    """Approved, and when it goes out; the caller saves."""
    rules = shop_policies.current(refund.shop_id)
    refund.approve()
    refund.approved_by = by
    if is_outside:
        # It goes another way than it came: finance pays it outside the channel.
        refund.next_at = None
    elif refund.source in POLICY_SOURCES:
        refund.next_at = send_at(rules, deadline=deadline)
    elif rules.release_manual_refunds == "at_once":
        refund.next_at = now()
    else:
        refund.next_at = None


def _follow_up(refund: Refund, *, by: Actor) -> Refund:
    """What follows an approval that is saved: the debt, the line, the bench, the wake-up."""
    bookings.approved(refund)
    activity.record(
        refund, "refund.approve", by=by, from_state=RefundState.CREATED, to_state=refund.state, source=refund.source
    )
    if refund.case is not None and refund.case.kind == CaseKind.REFUND_ONLY_UNSHIPPED:
        stop_packing(refund.case, by=by)
    if refund.next_at is not None and refund.next_at <= now():
        wake("aftersales.send_refund", refund_id=refund.pk)
    return refund


def _new(
    order: Order, payment: Payment, *, parts: Mapping[int, int], freight_fen: int, by: Actor, **fields: Any
) -> Refund:
    return Refund(
        shop_id=order.shop_id,
        number=new_number("RF"),
        order=order,
        payment=payment,
        channel=payment.channel,
        amount_fen=sum(parts.values()) + freight_fen,
        freight_fen=freight_fen,
        created_by=by,
        **fields,
    )


def _insert(refund: Refund) -> None:
    """Raises Refused LIVE_REFUND; the caller's transaction, or its savepoint, ends with it."""
    try:
        refund.save(force_insert=True)
    except IntegrityError as error:
        if "refund_live_once_per_payment" not in str(error) and "replaces" not in str(error):
            raise
        raise Refused("LIVE_REFUND", _("This case has a refund already.")) from error


def _write_lines(refund: Refund, parts: Mapping[int, int], breakdowns: Mapping[int, dict[str, int]]) -> None:
    RefundLine.objects.bulk_create(
        RefundLine(
            shop_id=refund.shop_id,
            refund=refund,
            order_line_id=line_id,
            amount_fen=amount,
            breakdown=breakdowns.get(line_id, {}),
        )
        for line_id, amount in sorted(parts.items())
        if amount
    )


def _check_window(payment: Payment, window: timedelta | None, *, is_outside: bool) -> None:
    """A channel forgets: after its window the money can only go another way, which needs a granted wish."""
    if window is None or is_outside or payment.paid_at is None or payment.paid_at + window > now():
        return
    raise Refused(
        "WINDOW",
        _("The channel pays back for %(days)s days after the payment. Record the buyer's wish and pay another way.")
        % {"days": window.days},
        paid_at=payment.paid_at.isoformat(),
    )


def _deadline(case: Case | None) -> datetime | None:
    return case.due_at if case is not None else None
