"""Errands: the press submits, a worker calls and records, the page shows how it ended. People retry what failed."""

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from merchant import live_updates
from merchant.clock import now
from merchant.errands.kinds import kind_of
from merchant.errands.models import OPEN, Errand
from merchant.jobs.models import JobState
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.wakeups import wake, wake_now

logger = logging.getLogger(__name__)

# Real time, since calls are real: a message has arrived by then, or the sweep sends another.
ON_ITS_WAY = timedelta(seconds=20)
# Longer than a worker may take (the soft time limit): whoever held it then is dead.
LEASE = timedelta(minutes=5)
MAX_STARTS = 3
# How long its end stands beside the row it was about.
SHOWN_DONE, SHOWN_FAILED = timedelta(minutes=10), timedelta(days=1)
KEPT = timedelta(days=30)
BATCH = 200


@transaction.atomic
def submit(name: str, subject: models.Model, *, by: Actor, key: str = "", **told: Any) -> Errand:
    """Write down that `by` wants this done and wake a worker; twice, while it is under way, is once.

    Raises Refused as the kind's `check` does. `told` are plain values that the worker is given as well."""
    kind = kind_of(name)
    kind.check(subject, by=by, **told)
    errand = Errand(
        shop_id=subject.pk if isinstance(subject, Shop) else subject.shop_id,  # type: ignore[attr-defined]
        number=new_number("ER"),
        kind=name,
        subject_kind=str(subject._meta.model_name),
        subject_id=subject.pk,
        key=key,
        told=told,
        by=by,
        language=translation.get_language() or "zh-hans",
        due_at=now() + ON_ITS_WAY,
    )
    try:
        with transaction.atomic():
            errand.save(force_insert=True)
    except IntegrityError:
        return Errand.objects.get(kind=name, subject_id=subject.pk, key=key, state__in=OPEN)
    live_updates.bump_after_commit([errand.shop_id])
    wake(kind.task, errand_id=errand.pk)
    return errand


@transaction.atomic
def retry(errand: Errand, *, by: Actor) -> Errand:
    """再试一次: what failed is tried again, in the name of whoever asks now. Raises Refused ERRAND (it did not fail, or
    another of its kind is under way), or as its kind's `check` does."""
    errand = lock(errand)
    if not errand.is_failed:
        raise Refused("ERRAND", _("This has not failed: there is nothing to try again."), state=errand.state)
    kind = kind_of(errand.kind)
    kind.check(kind.model._base_manager.get(pk=errand.subject_id), by=by, **errand.told)
    errand.state, errand.code, errand.words, errand.starts = JobState.WAITING, "", "", 0
    errand.by, errand.language = by, translation.get_language() or errand.language
    errand.due_at, errand.finished_at = now() + ON_ITS_WAY, None
    try:
        with transaction.atomic():
            errand.save()
    except IntegrityError as error:
        raise Refused("ERRAND", _("The same is under way already.")) from error
    live_updates.bump_after_commit([errand.shop_id])
    wake(kind.task, errand_id=errand.pk)
    return errand


def run(errand_id: int) -> None:
    """The worker's entry. Safe to run twice and to die halfway; whatever happens is written down as its end."""
    errand = _claim(errand_id)
    if errand is None:
        return
    kind = kind_of(errand.kind)
    with translation.override(errand.language):
        try:
            subject = kind.model._base_manager.get(pk=errand.subject_id)
            words = kind.run(subject, by=errand.by, **errand.told)
        except Refused as refusal:
            _finish(errand, JobState.FAILED, code=refusal.code, words=str(refusal.message))
        except Exception:
            logger.exception("errand %s (%s)", errand.number, errand.kind)
            _finish(errand, JobState.FAILED, code="FAULT", words=_("A fault of ours; it is in the log. Try again."))
        else:
            _finish(errand, JobState.DONE, words=str(words))


@transaction.atomic(durable=True)
def _claim(errand_id: int) -> Errand | None:
    rows = Errand.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    errand = rows.filter(pk=errand_id).first()
    if errand is None or not errand.is_open:
        return None
    if errand.state == JobState.RUNNING and errand.due_at is not None and errand.due_at > now():
        return None
    if errand.starts >= MAX_STARTS:
        with translation.override(errand.language):
            _finish(errand, JobState.FAILED, code="FAULT", words=_("The worker ended three times while it did this."))
        return None
    errand.state, errand.starts, errand.due_at = JobState.RUNNING, errand.starts + 1, now() + LEASE
    errand.save(update_fields=["state", "starts", "due_at"])
    return errand


@transaction.atomic
def _finish(errand: Errand, state: str, *, code: str = "", words: str) -> None:
    """Only by the run that holds it: another may have taken it over from one that was thought dead."""
    mine = Errand.objects.filter(pk=errand.pk, state__in=OPEN, starts=errand.starts)
    if mine.update(state=state, code=code[:32], words=words, finished_at=now(), due_at=None):
        live_updates.bump_after_commit([errand.shop_id])


def sweep() -> int:
    """Errands whose message or worker was lost get a message again; those past their month go. How many were sent."""
    quiet = Errand.objects.filter(state__in=OPEN, due_at__lt=now()).order_by("due_at")
    found = list(quiet.values_list("pk", "kind")[:BATCH])
    for pk, name in found:
        wake_now(kind_of(name).task, errand_id=pk)
    old = Errand.objects.exclude(state__in=OPEN).filter(created_at__lt=now() - KEPT)
    Errand.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()
    return len(found)


# --- pages ------------------------------------------------------------------------------------------------------------

# Asked by every look at the workbench, and mostly answered with nothing.
_ABOUT = """
SELECT DISTINCT ON (kind, subject_id, key) id FROM merchant_errand
WHERE (subject_kind, subject_id) IN (SELECT * FROM unnest(%s::text[], %s::bigint[])) AND created_at > %s
ORDER BY kind, subject_id, key, id DESC
"""


def about(*subjects: models.Model | None) -> list[Errand]:
    """What is under way about these rows and how the latest of each kind ended, newest first; what a page shows."""
    rows = [row for row in subjects if row is not None]
    at = now()
    asked: Any = [[row._meta.model_name for row in rows], [row.pk for row in rows], at - SHOWN_FAILED - LEASE]
    with connection.cursor() as cursor:
        cursor.execute(_ABOUT, asked)
        found = [pk for (pk,) in cursor.fetchall()]
    if not found:
        return []
    return [one for one in Errand.objects.filter(pk__in=found).select_related("by").order_by("-pk") if _is_shown(one)]


def _is_shown(errand: Errand) -> bool:
    if errand.finished_at is None:
        return True
    return errand.finished_at > now() - (SHOWN_FAILED if errand.is_failed else SHOWN_DONE)


def failed_in(shop_ids: list[int], *, limit: int = 20) -> list[Errand]:
    """The latest that failed in these shops."""
    rows = Errand.objects.filter(shop_id__in=shop_ids, state=JobState.FAILED, finished_at__gt=now() - SHOWN_FAILED)
    return list(rows.select_related("shop", "by").order_by("-finished_at")[:limit])
