"""Talking to the courier about an interception: claim, call, record. Nothing here runs inside a transaction.

The row of the call is written before the call. A row without an answer past its lease means that nobody knows whether
the courier heard us: then ask first where it can be asked, else tell it again (at most three times; telling a courier
twice to stop a parcel costs nothing).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from logistics.couriers import registry
from logistics.couriers.base import Courier, CourierError, ErrorClass, InterceptState, InterceptStatus, Kind
from logistics.couriers.calls import claim_call, lease, outcome_of, record_answer
from logistics.couriers.enums import CallOutcome, Operation
from logistics.couriers.models import CourierCall
from logistics.interception import policies, transitions
from logistics.interception.enums import InterceptionState as S
from logistics.interception.enums import Reason
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.refusals import Refused

logger = logging.getLogger(__name__)

# Requests whose outcome nobody knows, before we give up asking.
MAX_ASKS = 3
# After the n-th of them, wait this share of T-INT-ACK: soon, because the parcel moves; then patiently.
WAITS = (0.05, 0.3, 1.0)
# A courier that only says "not now" is asked until this many T-INT-ACK have passed.
PATIENCE = 3
ARRIVED = (InterceptState.RUNNING, InterceptState.UNCLEAR, InterceptState.SUCCEEDED)


@dataclass(frozen=True)
class ClaimedCall:
    """A call that is ours to make."""

    interception: Interception
    call: CourierCall
    courier: Courier
    # An earlier request of this very document may have reached the courier.
    may_have_arrived: bool


def send(interception_id: int) -> InterceptStatus | None:
    """Ask the courier to stop the parcel, once. Safe to run twice and to die halfway. Returns the courier's answer
    about an earlier request, when that was asked for, to be weighed."""
    asked = False
    while (claim := _claim(interception_id, may_query=not asked)) is not None:
        if claim.call.operation == Operation.CREATE:
            _request(claim)
            return None
        asked = True
        status, goes_on = _ask_about_earlier(claim)
        if not goes_on:
            return status
    return None


# --- the request --------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def _claim(interception_id: int, *, may_query: bool) -> ClaimedCall | None:
    interception = lock(Interception(pk=interception_id))
    at = now()
    is_early = interception.next_attempt_at is not None and interception.next_attempt_at > at
    # The second turn of one run is inside the lease that its own first turn took.
    if interception.state != S.SUBMITTED or (is_early and may_query):
        return None
    courier = registry.of(interception.account)
    if courier is None or interception.account is None:
        transitions.fail(interception, reason=Reason.COURIER_REFUSED, words="no account or adapter")
        return None
    if not interception.attempts and (reason := policies.why_not_send(interception.package)):
        transitions.fail(interception, reason=reason)
        return None
    unknown = _unknown_requests(interception)
    if _is_given_up(interception, len(unknown), at, asked=not may_query or not courier.capabilities.can_query_state):
        transitions.fail(interception, reason=Reason.TIMEOUT)
        return None
    must_query = bool(unknown) and courier.capabilities.can_query_state and may_query
    operation = Operation.QUERY if must_query else Operation.CREATE
    call = claim_call(
        operation,
        shop_id=interception.shop_id,
        key=interception.number,
        subject_id=interception.pk,
        waybill=interception.waybill,
        kind=interception.kind,
    )
    interception.next_attempt_at = at + lease()
    interception.attempts += operation == Operation.CREATE
    interception.save(update_fields=["next_attempt_at", "attempts"])
    return ClaimedCall(interception, call, courier, bool(unknown))


def _unknown_requests(interception: Interception) -> list[CourierCall]:
    """Earlier requests that may have arrived. One that is still `calling` now that its lease ran out is among them."""
    calls = CourierCall.objects.filter(operation=Operation.CREATE, key=interception.number)
    calls.filter(outcome=CallOutcome.CALLING).update(outcome=CallOutcome.UNKNOWN, error="no answer was recorded")
    return list(calls.filter(outcome=CallOutcome.UNKNOWN))


def _is_given_up(interception: Interception, unknown: int, at: datetime, *, asked: bool) -> bool:
    ack = policy.timer(policy.current(interception.shop_id), "T-INT-ACK")
    tried = CourierCall.objects.filter(key=interception.number).count()
    # Both: a system that was down for an hour has not asked for an hour, and gives up nothing.
    if tried > MAX_ASKS and at > interception.submitted_at + PATIENCE * ack + lease():
        return True
    # A courier that can be asked is asked once more before its silence counts as an answer.
    return unknown >= MAX_ASKS and asked


def _request(claim: ClaimedCall) -> None:
    interception = claim.interception
    assert interception.account is not None
    try:
        answer = claim.courier.create_intercept(
            interception.account,
            interception.waybill,
            request_id=interception.number,
            biz_no=interception.number,
            kind=Kind(interception.kind),
            reason=_("The buyer asked for a refund"),
        )
    except CourierError as error:
        then = partial(_refused, claim, error)
        _record(claim, outcome_of(error), answer=error.raw, error=str(error), then=then)
    except Exception as error:
        # A bug of ours after the bytes left looks the same as silence: nobody knows.
        logger.exception("request of %s broke", interception.number)
        _record(claim, CallOutcome.UNKNOWN, error=repr(error), then=_wait_unknown)
    else:
        accept = partial(transitions.accept, external_ref=answer.external_ref, fee_fen=answer.fee_fen)
        _record(claim, CallOutcome.OK, answer=answer.raw, then=accept)


def _refused(claim: ClaimedCall, error: CourierError, interception: Interception) -> None:
    if error.is_unknown_outcome:
        _wait_unknown(interception)
    elif error.error_class == ErrorClass.DUPLICATE and claim.may_have_arrived:
        # The one it already has is ours: this document asked before and never heard the answer. It was taken then, and
        # a return scan made since is its proof.
        transitions.accept(interception, at=_first_unanswered(interception))
    elif error.retry:
        interception.next_attempt_at = now() + _ack(interception) * WAITS[0] * 2 ** min(interception.attempts - 1, 4)
        interception.courier_words = error.message[:300]
        interception.save(update_fields=["next_attempt_at", "courier_words"])
    else:
        transitions.fail(interception, reason=error.reason or Reason.OTHER, words=error.message)


def _first_unanswered(interception: Interception) -> datetime | None:
    calls = CourierCall.objects.filter(operation=Operation.CREATE, key=interception.number, outcome=CallOutcome.UNKNOWN)
    return calls.order_by("started_at").values_list("started_at", flat=True).first()


def _ack(interception: Interception) -> timedelta:
    return policy.timer(policy.current(interception.shop_id), "T-INT-ACK")


def _wait_unknown(interception: Interception) -> None:
    unknown = CourierCall.objects.filter(
        operation=Operation.CREATE, key=interception.number, outcome=CallOutcome.UNKNOWN
    ).count()
    interception.next_attempt_at = now() + _ack(interception) * WAITS[min(max(unknown, 1), len(WAITS)) - 1]
    interception.save(update_fields=["next_attempt_at"])


def _ask_about_earlier(claim: ClaimedCall) -> tuple[InterceptStatus | None, bool]:
    """(the answer, whether the request is to be sent again). Only "running" or "stopped" show that ours arrived: any
    other word may be about an older interception of the same parcel, and the number makes asking again harmless."""
    interception = claim.interception
    assert interception.account is not None
    try:
        status = claim.courier.query_intercept(interception.account, interception.waybill)
    except CourierError as error:
        _record(claim, outcome_of(error), answer=error.raw, error=str(error), then=_wait_unknown)
        return None, False
    except Exception as error:
        logger.exception("query of %s broke", interception.number)
        _record(claim, CallOutcome.UNKNOWN, error=repr(error), then=_wait_unknown)
        return None, False
    if status.state in ARRIVED:
        _record(claim, CallOutcome.OK, answer=status.raw, then=transitions.accept)
        return status, False
    _record(claim, CallOutcome.OK, answer=status.raw)
    return None, True


@transaction.atomic(durable=True)
def _record(
    claim: ClaimedCall,
    outcome: str,
    *,
    answer: str = "",
    error: str = "",
    then: Callable[[Interception], Any] | None = None,
) -> None:
    interception = lock(claim.interception)
    record_answer(claim.call, outcome, answer=answer, error=error)
    # Somebody else may have settled it meanwhile: then the answer is on record and changes nothing.
    if interception.state == S.SUBMITTED and then is not None:
        then(interception)


# --- withdrawing --------------------------------------------------------------------------------------------------


def withdraw(interception: Interception, *, by: Actor) -> Interception:
    """Take the request back at the courier. Raises Refused RIGHT, INT-STATE, INT-CANCEL, INT-BUSY, INT-UNKNOWN."""
    claim = _claim_withdrawal(interception, by=by)
    if claim is None:
        interception.refresh_from_db()
        return interception
    row = claim.interception
    assert row.account is not None
    try:
        claim.courier.cancel_intercept(row.account, row.waybill, biz_no=row.number, external_ref=row.external_ref)
    except CourierError as error:
        record_answer(claim.call, outcome_of(error), answer=error.raw, error=str(error))
        if error.is_unknown_outcome or error.retry:
            raise Refused(
                "INT-UNKNOWN", _("The courier did not answer; the interception goes on. Try again.")
            ) from error
        raise Refused(
            "INT-CANCEL", _("The courier does not take it back: %(words)s") % {"words": error.message}
        ) from error
    return _record_withdrawal(claim, by=by)


@transaction.atomic(durable=True)
def _claim_withdrawal(interception: Interception, *, by: Actor) -> ClaimedCall | None:
    row = lock(interception)
    policies.check_can_withdraw(row, by=by)
    requests = CourierCall.objects.filter(operation=Operation.CREATE, key=row.number)
    if requests.filter(outcome=CallOutcome.CALLING, started_at__gt=now() - lease()).exists():
        raise Refused("INT-BUSY", _("The request is just being sent; try again in a moment."))
    if not requests.exclude(outcome=CallOutcome.NOT_SENT).exists():
        # The courier never heard of it.
        transitions.withdraw(row, by=by)
        return None
    courier = policies.courier_for(row)
    assert courier is not None, "the policy asked for it"
    call = claim_call(Operation.CANCEL, shop_id=row.shop_id, key=row.number, subject_id=row.pk, waybill=row.waybill)
    return ClaimedCall(row, call, courier, may_have_arrived=True)


@transaction.atomic(durable=True)
def _record_withdrawal(claim: ClaimedCall, *, by: Actor) -> Interception:
    row = lock(claim.interception)
    record_answer(claim.call, CallOutcome.OK)
    if not row.is_open:
        # Its result came while we were asking; the courier's last word will be seen on the track.
        return row
    return transitions.withdraw(row, by=by)
