"""More looks for today (PII-EXTRA): the desk asks the owner, the owner applies, the platform administrator approves."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from merchant.clock import SHANGHAI, now, today
from merchant.locking import lock
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from merchant.policy import services as policy
from merchant.prepared import first_of
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.vault import policies
from merchant.vault.models import PiiQuotaDay, QuotaRequest, QuotaState
from merchant.vault.services import open_day


@dataclass(frozen=True)
class Quota:
    """A shop's looks of today; `allowed` holds the `extra` that was approved."""

    used: int
    allowed: int
    extra: int
    resets_at: datetime

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)


def quota_of(shop: Any) -> Quota:
    """Today's quota of a shop (or its id), in two statements."""
    quota, day = policy.current(shop).pii_quota_per_day, today()
    row = first_of("quota_of", _quota_days, shop_id=shop if isinstance(shop, int) else shop.pk, day=day)
    resets_at = datetime.combine(day + timedelta(days=1), time.min, SHANGHAI)
    if row is None:
        return Quota(0, quota, 0, resets_at)
    return Quota(row.used, max(row.quota, quota) + row.extra, row.extra, resets_at)


def _quota_days(shop_id: int, day: date) -> QuerySet[PiiQuotaDay]:
    return PiiQuotaDay.objects.filter(shop_id=shop_id, day=day).order_by("pk")[:1]


def waiting_for(user: User) -> QuerySet[QuotaRequest]:
    """Today's requests that this person can decide now, the oldest first."""
    shops = shops_of(user)
    applies = [shop for shop in shops if can(user, shop, Right.APPLY_QUOTA)]
    approves = [shop for shop in shops if can(user, shop, Right.APPROVE_QUOTA)]
    rows = QuotaRequest.objects.open_on(today()).filter(
        Q(shop_id__in=applies, state=QuotaState.ASKED) | Q(shop_id__in=approves, state=QuotaState.APPLIED)
    )
    return rows.select_related("shop", "asked_by", "applied_by").order_by("created_at", "pk")


@transaction.atomic
def ask_quota(shop: Any, *, by: User, wanted: int, reason: str) -> QuotaRequest:
    """追加解密额度: ask the shop's owner; whoever may apply to the platform thereby does."""
    policies.check_can_ask(shop, by)
    policies.check_words(wanted, reason)
    applies = can(by, shop, Right.APPLY_QUOTA)
    try:
        with transaction.atomic():  # two presses at once: the database keeps one
            request = QuotaRequest.objects.create(
                shop=shop,
                day=today(),
                wanted=wanted,
                reason=reason.strip()[:200],
                state=QuotaState.APPLIED if applies else QuotaState.ASKED,
                asked_by=by,
                applied_by=by if applies else None,
                applied_at=now() if applies else None,
            )
    except IntegrityError:
        raise policies.already_asked() from None
    activity.record(request, "quota.ask", by=by, to_state=request.state, reason=request.reason, wanted=request.wanted)
    return request


@transaction.atomic
def apply_quota(request: QuotaRequest, *, by: User) -> QuotaRequest:
    """The owner passes on what the desk asked for."""
    request = lock(request)
    policies.check_can_apply(request, by)
    request.state, request.applied_by, request.applied_at = QuotaState.APPLIED, by, now()
    request.save(update_fields=["state", "applied_by", "applied_at"])
    activity.record(request, "quota.apply", by=by, from_state=QuotaState.ASKED, to_state=request.state)
    return request


@transaction.atomic
def approve_quota(request: QuotaRequest, *, by: User) -> QuotaRequest:
    """So many looks more, until midnight in Shanghai (T-PII-DAY)."""
    request = lock(request)
    policies.check_can_approve(request, by)
    _decide(request, QuotaState.APPROVED, by=by)
    open_day(request.shop, request.day, quota=policy.current(request.shop).pii_quota_per_day)
    PiiQuotaDay.objects.filter(shop=request.shop, day=request.day).update(extra=F("extra") + request.wanted)
    return request


@transaction.atomic
def refuse_quota(request: QuotaRequest, *, by: User, answer: str) -> QuotaRequest:
    """Refused by whomever it waits for, with a sentence for the one who asked."""
    request = lock(request)
    policies.check_can_refuse(request, by)
    if not answer.strip():
        raise Refused("ANSWER", _("Say why not, so that whoever asked knows what to do."))
    _decide(request, QuotaState.REFUSED, by=by, answer=answer.strip()[:200])
    return request


def _decide(request: QuotaRequest, state: QuotaState, *, by: User, answer: str = "") -> None:
    before = request.state
    request.state, request.decided_by, request.decided_at, request.answer = state, by, now(), answer
    request.save(update_fields=["state", "decided_by", "decided_at", "answer"])
    verb = "quota.approve" if state == QuotaState.APPROVED else "quota.refuse"
    activity.record(request, verb, by=by, from_state=before, to_state=state, reason=answer, wanted=request.wanted)
