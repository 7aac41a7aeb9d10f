"""A refusal of ours must reach the platform the case lives on: claim, call, record; the row waits until it has."""

import logging
from typing import Any

from django.db import transaction

from aftersales.cases.enums import CaseState, CaseTag
from aftersales.cases.models import Case
from aftersales.cases.transitions import tag
from aftersales.platforms.intake import take
from merchant.clock import now
from merchant.locking import lock
from merchant.platforms.errors import PlatformError
from merchant.platforms.registry import client_of
from merchant.policy import services as shop_policies
from merchant.shops.services import platform_account
from merchant.trail import activity

logger = logging.getLogger(__name__)

BATCH = 100
# Words by which one of the platform's own reasons is recognised as ours; without any the last one listed is taken,
# which platforms keep for "other".
WORDS = {
    "signed": ("签收", "sign"),
    "used": ("使用", "损坏", "used"),
    "wrong_goods": ("不符", "wrong"),
    "not_agreed": ("协商", "agree"),
    "not_covered": ("不支持", "无理由", "cover"),
}


def tell_refusals(case_id: int | None = None) -> int:
    """Tell the platform every refusal it has not heard. Returns how many were told; a bad one stops nobody."""
    waiting = Case.objects.filter(platform_sync_at__lte=now())
    if case_id is not None:
        waiting = waiting.filter(pk=case_id)
    told = 0
    for pk in list(waiting.order_by("platform_sync_at").values_list("pk", flat=True)[:BATCH]):
        try:
            told += _tell(pk)
        except Exception:
            logger.exception("refusal of case %s could not be told", pk)
    return told


def _tell(case_id: int) -> bool:
    case = _claim(case_id)
    if case is None:
        return False
    account: Any = platform_account(case.shop, case.shop.platform)
    if account is None:
        return _record(case, PlatformError("auth", "ACCOUNT", "no account of the platform is connected"))
    client = client_of(account)
    try:
        snapshot = client.refund_detail(case.number)
        if snapshot.waits_for_seller:
            code, words = _reason(client.reject_reasons(case.number), case.refusal.get("reason", ""))
            client.reject_refund(
                case.number,
                reason_code=code,
                desc=case.refusal.get("note") or words,
                refund_version=snapshot.version,
            )
            snapshot = client.refund_detail(case.number)
    except PlatformError as error:
        return _record(case, error)
    # Refused there, or changed meanwhile: either way the platform's row is the truth now (law 8).
    _record(case, None)
    take(account, client, snapshot)
    return True


@transaction.atomic(durable=True)
def _claim(case_id: int) -> Case | None:
    case = lock(Case(pk=case_id))
    if case.platform_sync_at is None or case.platform_sync_at > now():
        return None
    if case.state != CaseState.REFUSED:
        case.platform_sync_at = None
        case.save(update_fields=["platform_sync_at"])
        return None
    rules = shop_policies.current(case.shop_id)
    case.platform_sync_at = now() + shop_policies.timer(rules, "T-REFUND-POLL") * 5
    case.save(update_fields=["platform_sync_at"])
    return case


@transaction.atomic(durable=True)
def _record(case: Case, error: PlatformError | None) -> bool:
    case = lock(case)
    if error is None:
        case.platform_sync_at = None
        case.save(update_fields=["platform_sync_at"])
        activity.record(case, "case.tell_refusal", by=None, reason=case.refusal.get("reason", ""))
        return True
    reason = f"{error.code} {error.message}".strip()
    activity.record(case, "case.tell_refusal_failed", by=None, reason=reason, error_class=error.error_class.value)
    if not error.retry and not error.is_unknown_outcome and case.platform_sync_at is not None:
        # Saying it again changes nothing: a person says it on the platform's page or decides otherwise.
        case.platform_sync_at = None
        case.save(update_fields=["platform_sync_at"])
        tag(case, CaseTag.REFUND_STOPPED, by=None, tag_reason="REFUSAL_NOT_TOLD")
    return False


def _reason(reasons: list[tuple[int, str]], ours: str) -> tuple[int, str]:
    """The platform's own reason for ours: its code and its words."""
    if not reasons:
        raise PlatformError("bad_request", "REASONS", "the platform lists no reason for this case")
    words: tuple[str, ...] = WORDS.get(ours, ())
    found = next((reason for reason in reasons if any(word in reason[1].lower() for word in words)), None)
    return found or reasons[-1]
