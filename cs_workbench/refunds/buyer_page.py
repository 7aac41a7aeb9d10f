"""What a buyer may see without signing in: one order of theirs by a signed link that ends after thirty days.

No name, address, phone, whole number or courier's words: states, times and sums only (R1.34, R3.45)."""

from typing import Any

from django.core import signing
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aftersales.refunds import arrivals
from aftersales.refunds.enums import FAILED_STATES, PAID_STATES, RefundState
from aftersales.refunds.models import Refund
from cs_workbench.orders.buyer_links import order_key_of
from cs_workbench.orders.cards import Card, cards
from logistics.parcels.enums import PackageState
from merchant.attachments.models import Attachment, Purpose
from merchant.clock import now
from merchant.people.client_ip import client_address
from orders.record.models import Order

LOOKS_PER_MINUTE = 60


@require_safe
@never_cache
def buyer_page(request: HttpRequest, token: str) -> HttpResponse:
    """A tampered, foreign or old link is nothing at all; too many looks from one address are put off."""
    if _looks(request) > LOOKS_PER_MINUTE:
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    order = _order(token)
    language = "en" if request.GET.get("lang") == "en" else "zh-hans"
    with translation.override(language):
        card = cards([order], current=order.pk)[0]
        context = {
            "order": order,
            "card": card,
            "token": token,
            "parcels": _parcels(card),
            "refunds": _refunds(card),
            "lang": language,
        }
        response = render(request, "cs_workbench/buyer_page.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def buyer_picture(request: HttpRequest, token: str, line_no: int) -> HttpResponse:
    """The picture of one line of the link's order, and no other file of ours."""
    order = _order(token)
    held = Attachment.objects.filter(purpose=Purpose.GOODS, shop_id=order.shop_id)
    row = get_object_or_404(held, pk__in=order.lines.filter(line_no=line_no).values("listing__picture_id"))
    headers = {"Cache-Control": "private, max-age=3600", "Referrer-Policy": "no-referrer"}
    return HttpResponse(row.thumb, content_type="image/jpeg", headers=headers)


def _order(token: str) -> Order:
    try:
        shop_id, pk = order_key_of(token)
    except (signing.BadSignature, ValueError, TypeError):
        raise Http404 from None
    return get_object_or_404(Order.objects.select_related("shop"), shop_id=shop_id, pk=pk)


def _parcels(card: Card) -> list[dict[str, Any]]:
    """State and times; the courier's own words may name people."""
    states = dict(PackageState.choices)
    return [
        {
            "package": parcel.package,
            "scans": [(row.event_at, states.get(row.status, "")) for row in parcel.events[:10] if row.status],
        }
        for parcel in card.parcels
    ]


def _refunds(card: Card) -> list[dict[str, Any]]:
    """Under way, there, or waiting for the buyer's word; what was called off is nobody's news."""
    shown = [row for row in card.refunds if row.state not in (RefundState.VOID, RefundState.REJECTED)]
    replaced = {row.replaces_id for row in shown}
    return [
        {
            "refund": row,
            "kind": "paid" if row.state in PAID_STATES else "failed" if row.state in FAILED_STATES else "running",
            "expected": _expected(row, card),
        }
        for row in shown
        if row.pk not in replaced
    ]


def _expected(refund: Refund, card: Card) -> arrivals.Arrival | None:
    refund.order = card.order
    return arrivals.estimate(refund, card.rules) if refund.sent_at is not None else None


def _looks(request: HttpRequest) -> int:
    key = f"buyer:rate:{client_address(request)}:{int(now().timestamp() // 60)}"
    cache.add(key, 0, timeout=120)
    return int(cache.incr(key))
