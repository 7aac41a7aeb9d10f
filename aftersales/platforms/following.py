"""Law 8: for a case that lives on a platform the platform's row is the truth. From any state its newer version moves
our case; money it has moved by itself is booked as a SUCCESS refund without a call.

A platform's words are mapped to a `PlatformCase` in its own module (`kuaishou.py`, `profiles/`) and go no further.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.clocks import start_clock
from aftersales.cases.enums import CLOSED_STATES, OPEN_STATES, PAYING_KINDS, CaseKind, CaseState, CaseTag, Origin
from aftersales.cases.models import Case, CaseLine
from aftersales.cases.opening import insert_case
from aftersales.cases.transitions import hold_order, move
from aftersales.channels.snapshot import PlatformCase
from aftersales.refunds import bookings
from aftersales.refunds import services as refunds
from aftersales.refunds.enums import PAID_STATES, SENT_STATES, UNSENT_STATES, RefundState
from aftersales.refunds.models import Refund
from aftersales.refunds.settling import leave_parcel
from logistics.parcels.enums import Direction
from logistics.parcels.models import Package
from logistics.shipping import services as parcels
from merchant.carriers import waybills
from merchant.carriers.registry import UNKNOWN
from merchant.clock import now
from merchant.locking import lock
from merchant.money import MOST, yuan
from merchant.policy import services as shop_policies
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake
from orders.payments.allocate import split
from orders.record.models import Order, OrderLine

# The transition of law 8 that enters a state. INTERCEPTING, INSPECTING … are ours alone: no platform says them.
ENTER = {
    CaseState.APPLIED: "platform_applied",
    CaseState.WAIT_BUYER_REPLY: "platform_wait_buyer_reply",
    CaseState.REFUNDING: "platform_refunding",
    CaseState.WAIT_BUYER_RETURN: "platform_wait_buyer_return",
    CaseState.WAIT_SELLER_RECEIVE: "platform_wait_seller_receive",
    CaseState.WAIT_SELLER_RESEND: "platform_wait_seller_resend",
    CaseState.WAIT_BUYER_RECEIVE: "platform_wait_buyer_receive",
    CaseState.REFUSED: "platform_refused",
    CaseState.REFUSED_AFTER_RETURN: "platform_refused_after_return",
    CaseState.PLATFORM: "platform_platform",
    CaseState.SUCCESS: "platform_success",
    CaseState.CLOSED: "platform_closed",
    CaseState.CANCELLED: "platform_cancelled",
}


def follow_platform_case(shop: Any, snapshot: PlatformCase, known: Case | None = None) -> Case:
    """Bring our case to where the platform has it; an older or equal version changes nothing. `known` is our case where
    the caller has just read it.

    Raises Refused ORDER_MISSING when the order is not here yet (the caller fetches it and comes again), OPEN_CASE when
    another case holds the goods, M5 when the platform paid more than we know to have been paid."""
    _check_amounts(snapshot)
    case = known or Case.objects.filter(shop=shop, number=snapshot.number).first()
    if case is not None and not is_news(case, snapshot):
        # Versions only grow: what is old now is old under its lock as well.
        return case
    with transaction.atomic(), shop_policies.read_once(), activity.together():
        case = _open(shop, snapshot) if case is None else follow(lock(case), snapshot)
        _expect_return(case, snapshot)
        return case


def _expect_return(case: Case, snapshot: PlatformCase) -> None:
    """The buyer has sent the goods back with this parcel: it is followed, and the warehouse waits for it. A number of a
    parcel that we sent ourselves (refused at the door) is that parcel's."""
    waybill = waybills.normal(snapshot.return_waybill)
    if case.state != CaseState.WAIT_SELLER_RECEIVE or not waybills.is_number(waybill):
        return
    if Package.objects.current().filter(shop=case.shop_id, waybill=waybill).exists():
        return
    lines = dict(CaseLine.objects.filter(case=case).values_list("order_line_id", "quantity"))
    parcels.register_package(
        case.order,
        courier=snapshot.return_courier or UNKNOWN,
        waybill=waybill,
        lines=lines or None,
        shipped_at=now(),
        direction=Direction.INBOUND,
    )


def _check_amounts(snapshot: PlatformCase) -> None:
    """A sum that no refund can have is said, whatever the platform meant by it. Raises Refused AMOUNT."""
    least = 1 if snapshot.kind in PAYING_KINDS and snapshot.paid_fen is None else 0
    sums = (snapshot.amount_fen, snapshot.freight_fen, snapshot.paid_fen or 0)
    if snapshot.amount_fen < least or any(not 0 <= fen <= MOST for fen in sums):
        raise Refused(
            "AMOUNT",
            _("The platform's case is about ¥%(sum)s, which cannot be paid back: settle it on the platform's page.")
            % {"sum": yuan(snapshot.amount_fen)},
            amount_fen=snapshot.amount_fen,
        )


def follow(case: Case, snapshot: PlatformCase) -> Case:
    """The platform's word for a locked case of ours."""
    if not is_news(case, snapshot):
        return case
    refund = refunds.hold_live_refund(case)
    if refund is not None and refund.state in SENT_STATES and snapshot.paid_fen is None:
        if snapshot.state == CaseState.REFUNDING and refund.state == RefundState.PROCESSING and refund.attempts <= 1:
            # It does what it was just told; the first question about it is due within a minute anyway.
            return case
        # In flight: only the channel knows what became of the call, so it is asked now, and its answer brings this
        # version with it. Remembering the version here would make that answer old news.
        Refund.objects.filter(pk=refund.pk).update(next_at=now())
        wake("aftersales.poll_refund", refund_id=refund.pk)
        return case
    was_changed = (case.amount_fen, case.kind) != (snapshot.amount_fen, snapshot.kind)
    remember(case, snapshot)
    target = CaseState(snapshot.state)
    if snapshot.paid_fen is not None:
        return _paid(case, snapshot, refund)
    if refund is not None and refund.state in PAID_STATES and target in OPEN_STATES:
        # Money that has moved does not come back because a row says so: a person compares.
        return _note(case, snapshot, "PAID_HERE")
    if refund is not None and refund.state == RefundState.ABNORMAL and target == CaseState.REFUNDING:
        # Agreed there and not paid in: what the case says already.
        return _note(case, snapshot, "")
    if was_changed:
        _edit(case, snapshot)
    if target == CaseState.APPLIED:
        return _applied(case, snapshot, refund, was_changed=was_changed)
    if refund is not None and refund.state in UNSENT_STATES and target != CaseState.REFUNDING:
        refunds.void_refund(refund, by=None, reason="moved_by_platform")
        refund = None
    return _enter(case, snapshot, target, refund)


def remember(case: Case, snapshot: PlatformCase) -> None:
    """On a locked case that the caller saves: what the platform said is known, and will be no news when it says it
    again. An older row than the known one leaves it."""
    if is_news(case, snapshot):
        case.external_version, case.external_status = str(snapshot.version), snapshot.status
        # Whatever we still had to say, the platform has spoken since.
        case.platform_sync_at = None


def is_news(case: Case, snapshot: PlatformCase) -> bool:
    """Only a newer version moves a case, or the same one with another status (a platform's second thought)."""
    known = int(case.external_version) if case.external_version.isdigit() else -1
    if snapshot.version != known:
        return snapshot.version > known
    return snapshot.status != case.external_status


def _applied(case: Case, snapshot: PlatformCase, refund: Refund | None, *, was_changed: bool) -> Case:
    """The buyer waits for the shop. What we are doing about it goes on, unless the buyer asks for something else."""
    working = case.state in (CaseState.APPLIED, CaseState.INTERCEPTING)
    agreed = case.state == CaseState.REFUNDING and refund is not None
    if (working or agreed) and not was_changed:
        return _note(case, snapshot, "")
    if refund is not None and refund.state in UNSENT_STATES:
        refunds.void_refund(refund, by=None, reason="case_changed")
        refund = None
    if case.state in (CaseState.APPLIED, CaseState.INTERCEPTING, CaseState.WAIT_BUYER_REPLY, CaseState.REFUSED):
        if case.state == CaseState.REFUSED:
            case.round_no += 1
            case.due_at = None
        # A running interception is shown beside the case; the buyer's new wish needs a new decision.
        return move(case, "edit", by=None, tag="", deadline=snapshot.deadline, status=snapshot.status)
    if case.state in CLOSED_STATES and _taken(case):
        raise Refused("OPEN_CASE", _("These goods have an open case already."))
    return _enter(case, snapshot, CaseState.APPLIED, refund)


def _enter(case: Case, snapshot: PlatformCase, target: CaseState, refund: Refund | None) -> Case:
    if case.state == target:
        return _note(case, snapshot, "")
    was_open = case.is_open
    if target == CaseState.SUCCESS and case.kind in (CaseKind.REFUND_ONLY_SHIPPED, CaseKind.REFUND_ONLY_UNSHIPPED):
        # Settled without saying what was paid: what was asked for is what it paid.
        return _paid(case, snapshot, refund)
    move(case, ENTER[target], by=None, tag="", deadline=snapshot.deadline, status=snapshot.status)
    if was_open and target in (CaseState.CANCELLED, CaseState.CLOSED):
        leave_parcel(case, by=None)
    return case


def _paid(case: Case, snapshot: PlatformCase, refund: Refund | None) -> Case:
    """The platform's money has moved. A call of ours that may have done it (`refund`, held) is settled, anything unsent
    is void, and where no call of ours stands behind it the money is booked as it is."""
    amount = snapshot.amount_fen if snapshot.paid_fen is None else snapshot.paid_fen
    if refund is not None and refund.state in UNSENT_STATES:
        refunds.void_refund(refund, by=None, reason="paid_by_platform")
        refund = None
    if refund is not None and refund.amount_fen != amount and refund.state not in PAID_STATES:
        # The platform's amount stands (law 5): our number gives its money back and the real amount is booked.
        refunds.take_back(refund, "void", by=None, reason="paid_by_platform")
        refund = None
    if refund is None and amount > 0:
        _edit(case, snapshot, amount=amount)
        parts, freight = _parts(case.order, snapshot, amount)
        refund = refunds.book_paid_refund(
            case.order,
            parts=parts,
            freight_fen=freight,
            case=case,
            channel_number=snapshot.channel_number or snapshot.number,
            paid_at=snapshot.paid_at,
            replaces=refunds.replace_closed(case),
        )
    elif refund is not None and refund.state not in PAID_STATES:
        case.order = refund.order
        refund = refunds.settle_as_paid(refund, channel_number=snapshot.channel_number, paid_at=snapshot.paid_at)
    if case.state == CaseState.SUCCESS:
        _note(case, snapshot, "")
    else:
        keep = None if case.tag == CaseTag.DELIVERED_ANYWAY else ""
        move(case, "platform_success", by=None, tag=keep, status=snapshot.status, amount_fen=amount)
    if refund is not None:
        bookings.after_payment(refund, case, by=None)
    return case


def _note(case: Case, snapshot: PlatformCase, why: str) -> Case:
    """Nothing moves, but the version is remembered; `why` marks what a person must compare."""
    if why:
        case.tag, case.tag_reason = CaseTag.REFUND_STOPPED, why
        case.version += 1
        activity.record(case, "case.platform_differs", by=None, reason=why, status=snapshot.status)
    if snapshot.deadline is not None and case.is_open and snapshot.deadline != case.due_at:
        start_clock(case, deadline=snapshot.deadline)
    case.save()
    return case


def _edit(case: Case, snapshot: PlatformCase, *, amount: int | None = None) -> None:
    """The platform's amount and kind stand; the lines follow."""
    wanted = snapshot.amount_fen if amount is None else amount
    before = {"amount_fen": case.amount_fen, "kind": str(case.kind)}
    if (wanted, snapshot.kind) == (case.amount_fen, case.kind):
        return
    parts, freight = _parts(case.order, snapshot, wanted)
    case.amount_fen, case.freight_fen, case.kind = wanted, freight, snapshot.kind
    case.offer = {}
    case.version += 1
    case.save()
    for line in case.lines.all():
        CaseLine.objects.filter(pk=line.pk).update(amount_fen=parts.get(line.order_line_id, 0))
    activity.record(
        case, "case.edit_amount", by=None, before=before, after={"amount_fen": wanted, "kind": str(case.kind)}
    )


def _open(shop: Any, snapshot: PlatformCase) -> Case:
    """A case we have not seen: written where the platform has it now."""
    order = Order.objects.filter(shop=shop, number=snapshot.order_number).first()
    if order is None:
        raise Refused("ORDER_MISSING", _("The order of this case is not here yet."), order=snapshot.order_number)
    target = CaseState(snapshot.state)
    lines = {line.pk: line for line in _lines(order, snapshot)}
    if target in OPEN_STATES:
        # Cases before the order, as everybody locks them.
        _close_older(snapshot, lines)
    order = lock(order)
    parts, freight = _parts(order, snapshot, snapshot.amount_fen)
    is_refund_paid = snapshot.paid_fen is not None or (
        target == CaseState.SUCCESS and snapshot.kind in (CaseKind.REFUND_ONLY_SHIPPED, CaseKind.REFUND_ONLY_UNSHIPPED)
    )
    start = CaseState.REFUNDING if is_refund_paid else target
    applied_at = snapshot.applied_at or now()
    case = Case(
        shop=shop,
        number=snapshot.number,
        order=order,
        buyer_id=order.buyer_id,
        kind=snapshot.kind,
        origin=Origin.PLATFORM,
        opened_by=snapshot.opened_by,
        state=start,
        is_before_receipt=order.received_at is None,
        amount_fen=snapshot.amount_fen,
        freight_fen=freight,
        reason=snapshot.reason[:200],
        external_version=str(snapshot.version),
        external_status=snapshot.status,
        applied_at=applied_at,
        closed_at=now() if start in CLOSED_STATES else None,
    )
    start_clock(case, at=applied_at, deadline=snapshot.deadline)
    insert_case(case, lines, {pk: parts.get(pk, 0) for pk in lines})
    activity.record(
        case,
        "case.apply",
        by=None,
        to_state=case.state,
        reason=snapshot.reason,
        kind=str(case.kind),
        amount_fen=case.amount_fen,
        opened_by=str(case.opened_by),
        status=snapshot.status,
    )
    if case.is_open:
        hold_order(case, by=None)
    if is_refund_paid:
        return _paid(case, snapshot, None)
    if case.state == CaseState.APPLIED and shop_policies.current(case.shop_id).auto_submit:
        wake("aftersales.intercept_by_rule", case_id=case.pk)
    return case


def _close_older(snapshot: PlatformCase, lines: Mapping[int, OrderLine]) -> None:
    """A platform opens a new case on the same goods only after the refused one has ended there: ours ends with it."""
    older = Case.objects.filter(
        lines__order_line__in=list(lines),
        lines__is_open=True,
        origin=Origin.PLATFORM,
        state__in=[CaseState.REFUSED, CaseState.REFUSED_AFTER_RETURN],
    ).distinct()
    for row in older.order_by("pk"):
        move(lock(row), "platform_closed", by=None, reason="new_case", number=snapshot.number)


def _taken(case: Case) -> bool:
    ids = case.lines.values_list("order_line_id", flat=True)
    return CaseLine.objects.filter(order_line__in=list(ids), is_open=True).exclude(case=case).exists()


def _lines(order: Order, snapshot: PlatformCase) -> list[OrderLine]:
    lines = list(OrderLine.objects.filter(order=order).order_by("line_no"))
    named = [line for line in lines if line.external_id and line.external_id in snapshot.line_ids]
    return named or lines


def _parts(order: Order, snapshot: PlatformCase, amount_fen: int) -> tuple[dict[int, int], int]:
    """How the platform's amount falls on the lines: by what each has left, what goes beyond the goods is freight.

    The amount is the platform's word and is never refused here; M5 speaks when money is reserved."""
    order = Order.objects.get(pk=order.pk)
    lines = _lines(order, snapshot)
    left = [max(0, line.net_fen - line.refunded_fen - line.refunding_fen) for line in lines]
    bases = left if sum(left) else [line.net_fen for line in lines]
    freight = min(snapshot.freight_fen, amount_fen, order.refundable_freight_fen)
    goods = min(amount_fen - freight, sum(bases)) if sum(bases) else amount_fen - freight
    if not sum(bases):
        bases = [1] * len(lines)
    shares = split(goods, bases)
    return {line.pk: share for line, share in zip(lines, shares, strict=True) if share}, amount_fen - goods
