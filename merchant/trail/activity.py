"""The audit trail: written in the same transaction as the move it tells of."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, models, transaction

from merchant import live_updates
from merchant.people.models import Actor
from merchant.trail.models import Activity

_waiting: ContextVar[bool] = ContextVar("activities_waiting", default=False)


class _Line:
    """A line that waits for the end of `together`. It stands among what Django keeps for the commit, so that a
    savepoint that is rolled back takes its lines with it."""

    def __init__(self, row: Activity) -> None:
        self.row, self.is_written = row, False

    def __call__(self) -> None:
        """Nothing is left to do at the commit."""


@contextmanager
def together() -> Iterator[None]:
    """Around the work of one transaction, inside it: its lines are written in one statement at its end, in their order.

    A piece of work inside another's adds its lines to the other's. What fails writes nothing."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("lines are kept together inside a transaction only")
    if _waiting.get():
        yield
        return
    token = _waiting.set(True)
    try:
        yield
    finally:
        _waiting.reset(token)
    kept = [entry[1] for entry in connection.run_on_commit]
    lines = [call for call in kept if isinstance(call, _Line) and not call.is_written]
    if lines:
        Activity.objects.bulk_create([line.row for line in lines])
        for line in lines:
            line.is_written = True


def record(
    subject: models.Model,
    verb: str,
    *,
    by: Actor,
    from_state: str = "",
    to_state: str = "",
    reason: str = "",
    shop: Any = None,
    **detail: Any,
) -> Activity:
    """Write one line about `subject`. `by=None` is the system. `detail` holds plain values, never personal data.

    Inside `together` the line has no id yet when this returns."""
    shop_id = shop.pk if shop is not None else getattr(subject, "shop_id", None)
    live_updates.bump_after_commit([shop_id])
    row = Activity(
        shop_id=shop_id,
        subject_kind=str(subject._meta.model_name),
        subject_id=subject.pk,
        verb=verb,
        by=by,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        detail=detail,
    )
    if _waiting.get():
        transaction.on_commit(_Line(row))
    else:
        row.save(force_insert=True)
    return row


def record_many(rows: Iterable[Activity]) -> None:
    """The set-based twin, for moves that run as one statement."""
    kept = Activity.objects.bulk_create(rows, batch_size=2000)
    live_updates.bump_after_commit(row.shop_id for row in kept)
