"""The audit trail: written in the same transaction as the move it tells of."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from merchant import live_updates
from merchant.people.models import Actor
from merchant.trail.models import Activity


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
    """Write one line about `subject`. `by=None` is the system. `detail` holds plain values, never personal data."""
    shop_id = shop.pk if shop is not None else getattr(subject, "shop_id", None)
    live_updates.bump_after_commit([shop_id])
    return Activity.objects.create(
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


def record_many(rows: Iterable[Activity]) -> None:
    """The set-based twin, for moves that run as one statement."""
    kept = Activity.objects.bulk_create(rows, batch_size=2000)
    live_updates.bump_after_commit(row.shop_id for row in kept)
