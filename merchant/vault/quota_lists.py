"""What the quota centre lists: looks and requests by keyset pages, and today by person. Never a plain value."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.utils.translation import gettext_lazy as _

from merchant.people.models import User
from merchant.shops.models import Shop
from merchant.ui.query_params import key_of_page, page_key
from merchant.vault.models import PiiReveal, PiiSearch, QuotaRequest, RevealVerdict
from merchant.vault.quota import quota_of

SIZE = 50
FIELDS = {
    "name": _("name"),
    "phone": _("phone"),
    "virtual_phone": _("virtual number"),
    "address": _("address"),
    "remarks": _("remarks"),
    "export": _("all of it, for the buyer"),
    "label": _("printed on a label"),
}


@dataclass(frozen=True)
class Page:
    """`next_key` is "" on the last one."""

    rows: list[Any]
    next_key: str = ""


def _page(rows: QuerySet[Any], clock: str, key: str) -> Page:
    start = page_key(key)
    if start is not None:
        rows = rows.filter(TupleLessThan(Tuple(F(clock), F("id")), start))
    found = list(rows.order_by(f"-{clock}", "-id")[: SIZE + 1])
    last = found[SIZE - 1] if len(found) > SIZE else None
    return Page(found[:SIZE], key_of_page(getattr(last, clock), last.pk) if last else "")


def looks(shop: Shop, user: User, key: str) -> Page:
    return _page(PiiReveal.objects.seen_in(shop.pk, user).select_related("user"), "at", key)


def searches(shop: Shop, user: User, key: str) -> Page:
    """Who searched for whom by phone or name (PII-SEARCH), the newest first."""
    return _page(PiiSearch.objects.seen_in(shop.pk, user).select_related("user"), "at", key)


def requests(shop: Shop, user: User, key: str) -> Page:
    people = ("shop", "asked_by", "applied_by", "decided_by")
    return _page(QuotaRequest.objects.filter(shop=shop).select_related(*people), "created_at", key)


def people_today(shop: Shop, user: User) -> list[Any]:
    """Who looked how often since midnight in Shanghai, and what it took from the quota."""
    begin = quota_of(shop).resets_at - timedelta(days=1)
    shown = Q(verdict=RevealVerdict.SHOWN)
    rows = (
        PiiReveal.objects.seen_in(shop.pk, user)
        .filter(at__gte=begin)
        .values("user_id", "user__display_name", "user__username")
        .annotate(
            looks=Count("pk", filter=shown),
            orders=Count("order_number", filter=shown, distinct=True),
            used=Sum("cost"),
            refused=Count("pk", filter=~shown),
        )
        .order_by("-used", "-looks", "user_id")
    )
    return [dict(row) for row in rows]
