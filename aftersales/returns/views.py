"""The warehouse: one field that takes every waybill, what it means in one band, and what still waits."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftersales.returns import damage, order_search, policies, queues
from aftersales.returns import services as returns
from aftersales.returns.forms import KeepForm, MatchForm, ScanForm, tidy_waybill
from aftersales.returns.models import ReturnParcel
from aftersales.returns.scan_results import candidates, context_of, warehouses_of
from merchant.attachments.models import Purpose
from merchant.attachments.services import attach, files_of, read_files
from merchant.carriers import registry as carriers
from merchant.people.rights import Right, check_right
from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from orders.record.models import Order


@login_required
@require_safe
def warehouse(request: SignedInRequest) -> HttpResponse:
    """The scan field, the band of the last scan, and the queues."""
    waybill = tidy_waybill(request.GET.get("waybill", ""))
    lists: dict[str, list[Any]] = {
        "coming": queues.coming_home(request.user),
        "inspect": queues.to_inspect(request.user),
        "fetch": queues.to_fetch(request.user),
        "bench": queues.on_the_bench(request.user),
        "whose": queues.whose_is_it(request.user),
    }
    wanted = request.GET.get("list", "")
    default = next((name for name in ("inspect", "bench", "fetch", "whose") if lists[name]), "coming")
    here = wanted if wanted in lists else default
    mine = warehouses_of(request.user)
    context = {
        **context_of(request.user, waybill, request.GET.get("just", "")),
        "can_receive": bool(mine),
        "shops": list(Shop.objects.filter(pk__in=mine).order_by("pk")),
        "couriers": couriers(),
        "queue": here,
        "tabs": [(name, label, len(lists[name])) for name, label in queues.QUEUES.items()],
        "rows": lists[here],
        "cap": queues.SIZE,
        "scanned": queues.just_scanned(request.user),
        "to_try": to_try(lists) if settings.IS_DEMO else [],
    }
    return render(request, "aftersales/warehouse.html", context)


def couriers() -> list[tuple[str, str]]:
    """(code, name) of every courier a parcel may come with."""
    return [(carrier.code, str(carrier.label)) for carrier in carriers.trackable()]


def to_try(lists: dict[str, list[Any]]) -> list[tuple[str, str]]:
    """(waybill, what it will be) of a few parcels a visitor of the demo may scan."""
    # The last of each kind stands for it: one stopped, one sent back by the buyer.
    kinds = {str(row.why): row.waybill for row in lists["coming"]}
    found = [(waybill, why) for why, waybill in kinds.items()]
    found += [(row.waybill, str(queues.QUEUES["fetch"])) for row in lists["fetch"][:1]]
    found += [(row.waybill, str(queues.QUEUES["bench"])) for row in lists["bench"][:1]]
    return [*found, ("SF9900000000001", _("Unknown number"))] if found else []


def _to(waybill: str, **more: str) -> HttpResponse:
    return redirect(f"{reverse('warehouse')}?{urlencode({'waybill': waybill, **more})}")


@login_required
@require_safe
def damage_rate(request: SignedInRequest) -> HttpResponse:
    """How many parcels came home damaged, stopped ones beside returned ones, by courier and month; what it cost."""
    return render(request, "aftersales/damage_rate.html", damage.context(request.user, request.GET))


@login_required
@require_POST
def warehouse_scan(request: SignedInRequest) -> HttpResponse:
    """Receive what the field says. What cannot be received comes back as its band; nothing has changed then."""
    typed = ScanForm(request.POST).checked()
    waybill = typed["waybill"]
    if not waybill:
        return redirect("warehouse")
    found = candidates(request.user, waybill)
    chosen = next((package for package in found if package.pk == typed["package"]), None)
    expected = [package for package in found if policies.kind_of(package) is not None]
    if chosen is None and len(expected) == 1:
        chosen = expected[0]
    with refusals_as_messages(request):
        if not warehouses_of(request.user):
            check_right(request.user, shops_of(request.user)[0] if shops_of(request.user) else 0, Right.RECEIVE_PARCEL)
        if chosen is not None:
            try:
                parcel = returns.receive_parcel(chosen, by=request.user)
            except Refused as refusal:
                if refusal.code == "RIGHT":
                    raise
            else:
                return _to(waybill, just=parcel.number)
    return _to(waybill)


@login_required
@require_POST
def warehouse_keep(request: SignedInRequest) -> HttpResponse:
    """Take in a parcel nobody expected: ours by its number, or one to which somebody has yet to find the order."""
    typed = KeepForm(request.POST).checked()
    waybill, note = typed["waybill"], typed["note"]
    with refusals_as_messages(request):
        files = read_files(request.FILES.getlist("photos"))
        package = next(iter(candidates(request.user, waybill)), None)
        if package is not None:
            parcel = returns.receive_parcel(package, by=request.user, is_unannounced=True, note=note)
        else:
            mine = Shop.objects.filter(pk__in=shops_of(request.user))
            shop = mine.filter(pk=typed["shop"] or 0).first() or mine.order_by("pk").first()
            if shop is None:
                raise Refused("SHOP", _("You belong to no shop yet."))
            courier = typed["courier"] if typed["courier"] in dict(couriers()) else ""
            parcel = returns.keep_unknown_parcel(shop, waybill=waybill, courier=courier, note=note, by=request.user)
        attach(parcel, files, by=request.user, purpose=Purpose.PHOTO)
        return _to(waybill, just=parcel.number)
    return _to(waybill)


def _parcel(request: SignedInRequest, shop_id: int, number: str) -> ReturnParcel:
    rows = ReturnParcel.objects.visible_to(request.user).select_related(
        "shop", "order", "case", "package", "received_by", "inspection"
    )
    return get_object_or_404(rows, shop_id=shop_id, number=number)


@login_required
@require_safe
def return_parcel(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """One parcel that came home; while nobody knows whose it is, a search for its order."""
    parcel = _parcel(request, shop_id, number)
    term = request.GET.get("find", "").strip()[:60]
    found: list[Order] = []
    not_searched = refusal = None
    try:
        found = order_search.find(request.user, term) if term and parcel.order_id is None else []
    except Refused as refused:
        not_searched = refused.message
    try:
        policies.check_can_match(parcel, request.user)
    except Refused as refused:
        refusal = refused
    context = {
        "parcel": parcel,
        "files": files_of(parcel),
        "find": term,
        "found": [order for order in found if order.shop_id == parcel.shop_id][:20],
        "not_searched": not_searched,
        "refusal": refusal,
        "lines": returns.expected_lines(parcel) if parcel.order_id else [],
        "inspection": getattr(parcel, "inspection", None),
    }
    return render(request, "aftersales/warehouse_parcel.html", context)


@login_required
@require_POST
def return_match(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """This parcel belongs to that order."""
    parcel = _parcel(request, shop_id, number)
    with refusals_as_messages(request):
        policies.check_can_match(parcel, request.user)
        number_of_order = MatchForm(request.POST).checked()["order"]
        order = Order.objects.filter(shop_id=parcel.shop_id, number=number_of_order).first()
        if order is None:
            raise Refused("ORDER", _("There is no such order in this shop."))
        returns.match_parcel(parcel, order=order, by=request.user)
        messages.success(request, _("Matched. It waits for its inspection."))
    return redirect("return_parcel", shop_id=shop_id, number=number)
