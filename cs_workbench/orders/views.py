"""The list of orders, the record of one order with everything on one page, and the door to personal data."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aftersales.cases.enums import OPEN_STATES
from aftersales.cases.models import Case
from aftersales.refunds.models import Refund
from aftersales.team import work
from cs_workbench.bulk.selection import bulk_context
from cs_workbench.orders import search
from cs_workbench.orders.address import address_context
from cs_workbench.orders.buyer_links import link_of
from cs_workbench.orders.cards import Card, cards
from cs_workbench.orders.person_file import person_file
from cs_workbench.orders.timeline import from_cases, from_differences, from_notes, from_order
from logistics.interception.models import Interception
from logistics.parcels.timeline import from_scans
from merchant.clock import now
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.people.visibility import scope_of
from merchant.prepared import first_of, named, rows_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.trail import timeline
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.query_params import parse_int
from merchant.vault import services as vault
from merchant.vault.policies import check_can_ask
from merchant.vault.quota import quota_of
from orders.record.enums import Flag
from orders.record.models import Order
from orders.remarks import services as remarks
from orders.remarks.forms import NoteForm

KINDS = ("", "goods", "money", "people")


def _kind(request: SignedInRequest) -> str:
    kind = request.GET.get("show", "")
    return kind if kind in KINDS else ""


@login_required
@require_safe
def orders(request: SignedInRequest) -> HttpResponse:
    """The list: a tab by keyset pages, or what a search found. One exact hit opens at once."""
    term = request.GET.get("q", "").strip()
    tab = request.GET.get("tab", "all")
    buyer = request.GET.get("buyer", "")
    if term:
        found = search.search(request.user, term)
        if len(found.orders) == 1 and found.how in ("number", "waybill"):
            order = found.orders[0]
            return redirect("order_detail", shop_id=order.shop_id, number=order.number)
    else:
        found = search.page(request.user, tab, request.GET.get("after", ""), parse_int(buyer))
    goods = search.goods_of(found.orders)
    of_orders = rows_of("cases of a list", _cases_of, **named("order", [order.pk for order in found.orders]))
    cases = {case.order_id: case for case in of_orders}
    at = now()
    context = {
        "rows": [
            {
                "order": order,
                "goods": goods.get(order.pk),
                "case": cases.get(order.pk),
                "is_late": order.is_late_to_ship(at),
            }
            for order in found.orders
        ],
        "found": found,
        "term": term,
        "tab": tab if tab in (*search.TABS, *search.BY_PROMISE) else "all",
        "tabs": [] if term else _tabs(request.user),
        "buyer": buyer,
        "is_first": not request.GET.get("after"),
        **bulk_context(request.user, found.orders, buyer=parse_int(buyer), ticked=request.GET.get("ticked", "")),
    }
    return render(request, "cs_workbench/orders.html", context)


def _cases_of(**orders: int) -> QuerySet[Case]:
    found = Case.objects.filter(order_id__in=orders.values())
    return found.only("order_id", "shop_id", "number", "state").order_by("pk")


def _tabs(user: User) -> list[dict[str, Any]]:
    """Each tab with its name and, for the promise to ship, how many stand there; only 已逾期 is red."""
    waiting = search.counts(user)
    names = {
        "all": _("All"),
        "pending_payment": _("To pay"),
        "to_ship": _("To ship"),
        "overdue": pgettext("order list", "Overdue"),
        "soon": _("Nearly overdue"),
        "shipped": _("Shipped"),
        "received": _("Received"),
        "closed": _("Closed"),
    }
    return [
        {
            "key": key,
            "label": label,
            "count": f"{search.CAP}+" if waiting.get(key, 0) > search.CAP else waiting.get(key, ""),
            "is_hot": key == "overdue" and waiting[key] > 0,
        }
        for key, label in names.items()
    ]


def _refunds_of(order_id: int) -> QuerySet[Refund]:
    return Refund.objects.filter(order_id=order_id).order_by("pk")


def _stops_of(**packages: int) -> QuerySet[Interception]:
    return Interception.objects.filter(package_id__in=packages.values()).order_by("pk")


@login_required
@require_safe
def order_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """Money one can check, one timeline of everything, and what can be done."""

    def build(shop_id: int, number: str) -> QuerySet[Order]:
        found = Order.objects.visible_to(request.user).select_related("buyer", "recipient", "shop")
        return found.filter(shop_id=shop_id, number=number)

    order = first_of(("order_detail", scope_of(request.user)), build, shop_id=shop_id, number=number)
    if order is None:
        raise Http404
    card = cards([order], current=order.pk)[0]
    refunds = rows_of("refunds of an order", _refunds_of, order_id=order.pk)
    stops = rows_of("stops of parcels", _stops_of, **named("package", [one.package.pk for one in card.parcels]))
    subjects = [order, *card.cases, *refunds, *stops, *[parcel.package for parcel in card.parcels]]
    if order.buyer is not None:
        subjects.append(order.buyer)
    trail = timeline.rows_about(*subjects)
    packages = {parcel.package.pk: parcel.package for parcel in card.parcels}
    scans = [event for parcel in card.parcels for event in parcel.events]
    kind = _kind(request)
    entries = timeline.merge(
        from_order(order),
        from_cases(card.cases),
        from_scans(scans, packages),
        from_notes(card.notes),
        from_differences(order.source_diffs.order_by("-pk")[:20]),
        timeline.from_trail(row for row in trail if row.verb not in ("order.ship", "order.close")),
        kind=kind,
    )
    context = {
        "order": order,
        "card": card,
        "refunds": refunds,
        "stops": stops,
        "entries": entries,
        "kind": kind,
        "kinds": [("", _("All")), ("goods", _("Logistics")), ("money", _("Money")), ("people", _("People"))],
        "open_case": next((case for case in card.cases if case.state in OPEN_STATES), None),
        "may_note": can(request.user, order.shop_id, Right.REMARK_ORDER),
        "sums": _sums(card),
        "sees_raw": can(request.user, order.shop_id, Right.SEE_MESSAGES),
        "may_hand_out": all(can(request.user, order.shop_id, right) for right in (Right.REVEAL_PII, Right.APPLY_QUOTA)),
        "flags": Flag.choices,
        "buyer_link": link_of(order),
        **address_context(order, request.user),
        "work": work.of_order(order, request.user),
    }
    return render(request, "cs_workbench/order_detail.html", context)


def _sums(card: Card) -> dict[str, int]:
    """The line totals in fen, for the foot of the table."""
    return {
        "goods": sum(line.goods_fen for line in card.lines),
        "net": sum(line.net_fen for line in card.lines),
        "refundable": sum(line.refundable_fen for line in card.lines),
    }


@login_required
@require_POST
def order_note(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    order = get_object_or_404(Order.objects.visible_to(request.user), shop_id=shop_id, number=number)
    with refusals_as_messages(request):
        remarks.add_note(order, by=request.user, **NoteForm(request.POST).checked())
    return redirect("order_detail", shop_id=shop_id, number=number)


@login_required
@require_POST
@never_cache
def reveal(request: SignedInRequest, shop_id: int, number: str, field: str) -> HttpResponse:
    """One field in plain, through the vault's one door, which alone says what it costs and whether it opens."""
    found = Order.objects.visible_to(request.user).select_related("recipient", "recipient__shop", "shop")
    order = get_object_or_404(found, shop_id=shop_id, number=number)
    if order.recipient is None:
        raise Http404
    card = Card(order, cases=list(Case.objects.filter(order=order)))
    if field == vault.REMARKS:
        card.notes = list(order.notes.order_by("-pk"))
    case = next((one for one in card.cases if one.state in OPEN_STATES), None)
    recipient, is_virtual = order.recipient, field == "virtual_phone"
    # A virtual number stands where the phone stands: one place with three looks (PII-VIRTUAL).
    place = "phone" if is_virtual else field
    mask = recipient.contact_mask if place == "phone" else getattr(recipient, f"{place}_mask", "")
    context: dict[str, Any] = {"order": order, "card": card, "recipient": recipient, "field": place, "mask": mask}
    try:
        opened = vault.reveal(
            request.user,
            recipient,
            order_number=order.number,
            field=field,
            is_free=card.is_reveal_free,
            is_closed_14d=card.is_closed_14d,
            reason=f"case {case.number}" if case else "order page",
            words=card.words,
        )
        context |= {"plain": opened.plain, "is_virtual": is_virtual, "cost": _cost(opened, order.shop)}
    except Refused as refusal:
        context["refusal"] = refusal
        if refusal.code == "QUOTA_EMPTY":
            context["ask"] = button("ask", _("Ask for more"), check_can_ask, order.shop, request.user)
    if not request.htmx:
        return render(request, "cs_workbench/reveal.html", context)
    return render(request, "cs_workbench/_revealed.html", context)


@login_required
@require_POST
@never_cache
def order_person(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """All that the shop holds of this order's buyer, as a file to hand out."""
    found = Order.objects.visible_to(request.user).select_related("recipient", "shop", "buyer")
    order = get_object_or_404(found, shop_id=shop_id, number=number)
    with refusals_as_messages(request):
        body = person_file(order, by=request.user)
        answer = HttpResponse(body, content_type="application/json; charset=utf-8")
        answer["Content-Disposition"] = content_disposition_header(True, f"person-{order.pk}.json") or "attachment"
        return answer
    return redirect("order_detail", shop_id=shop_id, number=number)


def _cost(opened: vault.Opened, shop: Shop) -> str:
    """What the look cost, in words."""
    if opened.is_free:
        return _("In after-sale: costs no quota")
    if not opened.cost:
        return _("Counted today already: costs nothing more")
    return _("1 look used, %(left)s left today") % {"left": quota_of(shop).left}
