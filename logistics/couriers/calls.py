"""The journal of calls to couriers: each is written down before it is made and again with its answer."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from logistics.couriers.base import CourierError
from logistics.couriers.enums import CallOutcome
from logistics.couriers.models import CourierCall
from merchant.clock import now


def lease() -> timedelta:
    """How long a call may be under way before its outcome counts as unknown; real time, calls are real."""
    return timedelta(seconds=max(3 * settings.COURIER_TIMEOUT_S, 10))


def claim_call(operation: str, *, shop_id: int, key: str, subject_id: int, **request: Any) -> CourierCall:
    """Write down a call before it is made; inside a transaction that holds the subject's row."""
    last = CourierCall.objects.filter(operation=operation, key=key).order_by("-attempt").first()
    return CourierCall.objects.create(
        shop_id=shop_id,
        operation=operation,
        key=key,
        subject_id=subject_id,
        attempt=(last.attempt if last else 0) + 1,
        request=request,
        started_at=now(),
    )


def record_answer(call: CourierCall, outcome: str, *, answer: str = "", error: str = "") -> None:
    """The other end of `claim_call`."""
    CourierCall.objects.filter(pk=call.pk).update(
        outcome=outcome, answer=answer[:4000], error=error[:300], answered_at=now()
    )


def outcome_of(error: CourierError) -> str:
    if error.is_unknown_outcome:
        return CallOutcome.UNKNOWN
    return CallOutcome.NOT_SENT if error.retry else CallOutcome.REFUSED
