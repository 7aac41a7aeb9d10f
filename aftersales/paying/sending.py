"""Money on its way: claim, call, record. The refund's number is the key on every try; an unknown outcome is asked for,
and only a channel that does not know the number is told it again.

`send_refund` and `poll_refund` run outside any transaction, safely twice and safely cut off halfway: the claim moves
`next_at` forward, which is also the lease, and the sweep finds whatever came due.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseState, CaseTag
from aftersales.cases.models import Case
from aftersales.cases.transitions import move, reopen
from aftersales.channels import registry
from aftersales.channels.base import Receipt
from aftersales.channels.enums import RefundOutcome
from aftersales.platforms.following import follow, remember
from aftersales.refunds import bookings, policies, services
from aftersales.refunds.clocks import gap_between_refunds, poll_after
from aftersales.refunds.enums import SENT_STATES, RefundState
from aftersales.refunds.models import Refund, RefundCall
from merchant.clock import now
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy import services as shop_policies
from merchant.refusals import Refused
from merchant.trail import activity

logger = logging.getLogger(__name__)

BATCH = 200
# A call under way is left alone at least this long, however fast the test clock runs: longer than any time-out.
LEAST_LEASE = timedelta(seconds=12)
PUT_OFF = timedelta(minutes=5)


def send_refund(refund_id: int) -> Refund | None:
    """退款: tell the channel. Returns the refund as it stands afterwards, None when there was nothing to send."""
    refund = _claim_to_send(refund_id)
    if refund is None:
        return None
    return _tell(refund)


def send_refunds(refund_ids: Iterable[int]) -> None:
    """`send_refund` for one after another: what fails with one is logged, and the sweep finds its row."""
    for refund_id in refund_ids:
        try:
            send_refund(refund_id)
        except Exception:
            logger.exception("refund row %s could not be sent", refund_id)


def poll_refund(refund_id: int) -> Refund | None:
    """Ask the channel how a sent refund stands; tell it again, under the same number, only when it does not know it."""
    refund = _claim_to_ask(refund_id)
    if refund is None:
        return None
    started = now()
    receipt = _call(refund, "query")
    if receipt.outcome != RefundOutcome.UNKNOWN_NUMBER:
        return record(refund.pk, receipt, operation="query", started_at=started)
    _note_call(refund, receipt, operation="query", started_at=started)
    refund = _claim_to_send_again(refund_id)
    if refund is None:
        return None
    return _tell(refund)


def _tell(refund: Refund) -> Refund:
    """Tell the channel and record its answer. A refusal for good is believed only where the channel, asked once more,
    does not know the number: then nothing was paid under it."""
    started = now()
    receipt = _call(refund, "refund")
    if receipt.outcome == RefundOutcome.DENIED:
        asked_at = now()
        asked = _call(refund, "query")
        if asked.outcome != RefundOutcome.UNKNOWN_NUMBER:
            _note_call(refund, receipt, operation="refund", started_at=started)
            return record(refund.pk, asked, operation="query", started_at=asked_at)
        refund = record(refund.pk, receipt, operation="refund", started_at=started)
        _note_call(refund, asked, operation="query", started_at=asked_at)
        return refund
    return record(refund.pk, receipt, operation="refund", started_at=started)


def ask_refund(refund: Refund, *, by: Actor) -> Refund:
    """查询渠道: a person will not wait for the next poll. Raises Refused RIGHT, REFUND_STATE (nothing was sent)."""
    check_right(by, refund.shop_id, Right.RELEASE_REFUND)
    with transaction.atomic(durable=True):
        _case, refund = services.lock_with_case(refund.pk)
        if refund.state not in SENT_STATES:
            raise policies.wrong_state(refund)
        refund.next_at = now()
        refund.save()
        activity.record(refund, "refund.ask", by=by)
    poll_refund(refund.pk)
    refund.refresh_from_db()
    return refund


def sweep_refunds() -> int:
    """Send what is due, ask about what is under way. Finds the same work as the wake-ups; a bad row stops nobody."""
    due = Refund.objects.waiting().filter(next_at__lte=now()).order_by("next_at").values_list("pk", "state")[:BATCH]
    done = 0
    for pk, state in list(due):
        try:
            step = send_refund if state == RefundState.APPROVED else poll_refund
            done += step(pk) is not None
        except Exception:
            logger.exception("refund row %s could not be moved", pk)
            # Behind the others, so that a row that always fails never fills the batch.
            Refund.objects.filter(pk=pk, next_at__lte=now()).update(next_at=now() + PUT_OFF)
    return done


# --- claims -----------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
@shop_policies.read_once()
@activity.together()
def _claim_to_send(refund_id: int) -> Refund | None:
    case, refund = services.lock_with_case(refund_id)
    if refund.state != RefundState.APPROVED or refund.next_at is None or refund.next_at > now():
        return None
    fresh: Any = policies.read_again(refund)
    if fresh.others_sent_at is not None and fresh.others_sent_at + gap_between_refunds() > now():
        # Another refund of the same payment went out less than a minute ago.
        refund.next_at = fresh.others_sent_at + gap_between_refunds()
        refund.save()
        return None
    refusal = _may_not_pay(refund, case, fresh)
    if refusal is not None:
        _hold_back(refund, case, refusal)
        return None
    refund.send()
    _begin_call(refund)
    refund.sent_at = refund.sent_at or now()
    refund.save()
    activity.record(refund, "refund.send", by=None, from_state=RefundState.APPROVED, to_state=refund.state)
    return refund


@transaction.atomic(durable=True)
def _claim_to_ask(refund_id: int) -> Refund | None:
    _case, refund = services.lock_with_case(refund_id)
    if refund.state not in SENT_STATES or refund.next_at is None or refund.next_at > now():
        return None
    _begin_call(refund)
    refund.save()
    return refund


@transaction.atomic(durable=True)
@shop_policies.read_once()
@activity.together()
def _claim_to_send_again(refund_id: int) -> Refund | None:
    """The channel does not know the number, so nothing was paid: law 1 is read again before it is told once more."""
    case, refund = services.lock_with_case(refund_id)
    if refund.state not in SENT_STATES:
        return None
    refusal = _may_not_pay(refund, case, policies.read_again(refund))
    if refusal is not None:
        _hold_back(refund, case, refusal)
        return None
    _begin_call(refund)
    refund.save()
    return refund


def _begin_call(refund: Refund) -> None:
    rules = shop_policies.current(refund.shop_id)
    refund.attempts += 1
    refund.next_at = now() + max(poll_after(rules, refund.attempts - 1), LEAST_LEASE)


def _may_not_pay(refund: Refund, case: Case | None, fresh: Refund) -> Refused | None:
    try:
        registry.get(refund.channel)
    except Refused as refusal:
        return refusal
    return policies.preflight(refund, case, fresh)


def _hold_back(refund: Refund, case: Case | None, refusal: Refused) -> None:
    """Not as it was decided: nothing leaves, a person decides again with the reason in front of them."""
    reason = f"{refusal.code}: {refusal.message}"
    services.take_back(refund, "void", by=None, reason=reason)
    if case is not None:
        services.take_back_unsent(case, "void", by=None, reason=reason)
    if case is not None and case.state == CaseState.REFUNDING:
        reopen(
            case,
            by=None,
            tag=CaseTag.REFUND_STOPPED,
            tag_reason=refusal.code,
            reason=str(refusal.message),
            refund=refund.number,
        )


def _call(refund: Refund, operation: str) -> Receipt:
    """The channel's answer; whatever a channel does not name itself is an unknown outcome, never a lost one."""
    try:
        receipt: Receipt = getattr(registry.get(refund.channel), operation)(refund)
    except Exception as error:
        logger.exception("refund %s: %s", refund.number, operation)
        return Receipt(RefundOutcome.UNKNOWN, code=type(error).__name__, message=str(error)[:200])
    return receipt


# --- record -----------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
@shop_policies.read_once()
@activity.together()
def record(refund_id: int, receipt: Receipt, *, operation: str, started_at: datetime) -> Refund:
    """Write the answer down and move refund and case by it. A refund somebody settled meanwhile only keeps the line."""
    case, refund = services.lock_with_case(refund_id)
    write_call(refund, receipt, operation=operation, started_at=started_at)
    if refund.state not in SENT_STATES and not (
        refund.state == RefundState.ABNORMAL and receipt.outcome == RefundOutcome.SUCCESS
    ):
        return refund
    if receipt.channel_number:
        refund.channel_number = receipt.channel_number
    refund.outcome = receipt.outcome
    refund.went_to = str(receipt.raw.get("went_to") or refund.went_to)[:12]
    _STEPS[receipt.outcome](refund, case, receipt)
    return refund


def _note_call(refund: Refund, receipt: Receipt, *, operation: str, started_at: datetime) -> None:
    with transaction.atomic(durable=True):
        write_call(refund, receipt, operation=operation, started_at=started_at)


def write_call(refund: Refund, receipt: Receipt, *, operation: str, started_at: datetime) -> None:
    """Keep what the channel was told or asked, and its answer. In the caller's transaction."""
    # Read by the same statement: two answers of one attempt meet where a lease ran out under a slow call.
    table = RefundCall._meta.db_table
    following = RawSQL(f"(SELECT coalesce(max(attempt), 0) + 1 FROM {table} WHERE refund_id = %s)", [refund.pk])  # noqa: S608, S611 - our own table's name
    RefundCall.objects.create(
        shop_id=refund.shop_id,
        refund=refund,
        # Both answers are kept, each under a number of its own.
        attempt=Greatest(following, Value(refund.attempts)),
        operation=operation,
        request=receipt.request,
        answer={"code": receipt.code, "message": receipt.message, **receipt.raw},
        outcome=receipt.outcome,
        at=started_at,
        answered_at=now(),
    )


def _paid(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    if receipt.amount_fen is not None and receipt.amount_fen != refund.amount_fen:
        _paid_differently(refund, case, receipt)
        return
    services.settle_as_paid(refund, channel_number=receipt.channel_number)
    if case is not None and receipt.snapshot is not None:
        remember(case, receipt.snapshot)
    bookings.after_payment(refund, case, by=None)


def _paid_differently(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    """Another amount than ours has moved. A platform's amount stands and is booked; elsewhere a person looks."""
    if receipt.snapshot is not None and case is not None:
        _follow(case, receipt)
        return
    refund.error = f"AMOUNT: {receipt.amount_fen} paid, {refund.amount_fen} asked"
    _abnormal(refund, case, receipt)


def _processing(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    before = refund.state
    if refund.state == RefundState.WAIT_FUNDS:
        refund.resume()
        refund.funds_short_at = refund.due_at = None
        activity.record(refund, "refund.resume", by=None, from_state=before, to_state=refund.state)
    _later(refund, case, receipt)


def _later(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    """Nothing decided: ask again, further and further apart; what the channel said stands on the row meanwhile."""
    rules = shop_policies.current(refund.shop_id)
    said = receipt.outcome not in (RefundOutcome.PROCESSING, RefundOutcome.SUCCESS)
    refund.error = f"{receipt.code} {receipt.message}".strip()[:300] if said else ""
    if refund.state == RefundState.PROCESSING:
        # A refusal may heal once somebody mends what it names (keys, rights); until then it waits for people.
        is_refused = receipt.outcome == RefundOutcome.REFUSED
        refund.due_at = (refund.due_at or now() + shop_policies.timer(rules, "T-OFFLINE")) if is_refused else None
    refund.next_at = now() + poll_after(rules, refund.attempts - 1)
    refund.save()


def _short_of_funds(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    rules = shop_policies.current(refund.shop_id)
    before = refund.state
    if refund.state == RefundState.PROCESSING:
        refund.wait_funds()
        refund.funds_short_at = refund.funds_short_at or now()
        refund.due_at = refund.funds_short_at + shop_policies.timer(rules, "T-FUNDS")
        activity.record(refund, "refund.wait_funds", by=None, from_state=before, to_state=refund.state)
    elif refund.funds_short_at is not None and refund.funds_short_at + shop_policies.timer(rules, "T-FUNDS") <= now():
        _closed(refund, case, receipt)
        return
    _later(refund, case, receipt)


def _abnormal(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    _fail(refund, case, receipt, "turn_abnormal")


def _denied(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    """The channel will never take this: asking again would go on for ever. Nothing was paid under this number."""
    refund.error = ""
    _fail(refund, case, receipt, "close")


def _closed(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    _fail(refund, case, receipt, "close")


def _fail(refund: Refund, case: Case | None, receipt: Receipt, verb: str) -> None:
    """Not recoverable under this number by itself: the case says so and T-OFFLINE starts."""
    before = refund.state
    getattr(refund, verb)()
    refund.next_at = None
    refund.due_at = now() + shop_policies.timer(shop_policies.current(refund.shop_id), "T-OFFLINE")
    refund.error = refund.error or f"{receipt.code} {receipt.message}".strip()[:300]
    refund.save()
    activity.record(
        refund,
        f"refund.{verb}",
        by=None,
        from_state=before,
        to_state=refund.state,
        reason=refund.error,
        code=receipt.code,
    )
    if case is not None and case.state == CaseState.REFUNDING:
        move(case, "fail", by=None, reason=refund.error, refund=refund.number)


def _not_payable(refund: Refund, case: Case | None, receipt: Receipt) -> None:
    """Closed, withdrawn or changed at the channel: ours is void, the case goes to where the platform has it."""
    services.take_back(refund, "void", by=None, reason=f"{receipt.code} {receipt.message}".strip())
    if case is None or case.state != CaseState.REFUNDING:
        return
    reason = f"{receipt.code} {receipt.message}".strip() or str(_("The channel cannot pay this any more."))
    reopen(
        case,
        by=None,
        tag=CaseTag.REFUND_STOPPED,
        tag_reason=receipt.code or str(receipt.outcome),
        reason=reason,
        refund=refund.number,
    )
    _follow(case, receipt)


def _follow(case: Case, receipt: Receipt) -> None:
    if receipt.snapshot is not None:
        follow(case, receipt.snapshot)


_STEPS: dict[str, Any] = {
    RefundOutcome.SUCCESS: _paid,
    RefundOutcome.PROCESSING: _processing,
    RefundOutcome.UNKNOWN: _later,
    RefundOutcome.UNKNOWN_NUMBER: _later,
    RefundOutcome.THROTTLED: _later,
    RefundOutcome.REFUSED: _later,
    RefundOutcome.DENIED: _denied,
    RefundOutcome.WAIT_FUNDS: _short_of_funds,
    RefundOutcome.ABNORMAL: _abnormal,
    RefundOutcome.CLOSED: _closed,
    RefundOutcome.NOT_PAYABLE: _not_payable,
}
