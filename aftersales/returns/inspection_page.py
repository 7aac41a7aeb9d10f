"""The inspection page: three outcomes on three keys, every unit in one pile, photos kept at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from aftersales.returns import inspecting, policies
from aftersales.returns import services as returns
from aftersales.returns.enums import PHOTOS_NEEDED, Result, ReturnKind
from aftersales.returns.forms import OTHERS, PILES, InspectionForm
from aftersales.returns.models import Inspection
from merchant.attachments.models import Purpose
from merchant.attachments.services import attach, files_of, read_files
from merchant.refusals import Refused
from merchant.stock.models import Stock
from merchant.ui.access import SignedInRequest
from orders.record.goods import known_sku_of
from orders.record.models import OrderLine


@dataclass
class Row:
    """One order line with what was typed for it, as it was typed."""

    line: OrderLine
    expected: int
    sellable: str
    defective: str
    missing: str
    cost_fen: int | None
    bin: str
    is_wrong: bool = False


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def inspection_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """The form, what was typed in it when it was refused, or what was found when it is done."""
    rows = Inspection.objects.visible_to(request.user).select_related(
        "parcel", "parcel__package", "parcel__case", "parcel__received_by", "order", "order__buyer", "shop", "done_by"
    )
    inspection = get_object_or_404(rows, shop_id=shop_id, number=number)
    if request.method != "POST":
        return _page(request, inspection, None, None)
    try:
        policies.check_can_inspect(inspection, request.user)
        # Photos are kept before the counts are weighed: a refused form loses none of them.
        files = read_files(request.FILES.getlist("photos"))
        attach(inspection, files, by=request.user, purpose=Purpose.PHOTO)
        form = InspectionForm(request.POST, wanted=returns.expected_lines(inspection.parcel))
        done = inspecting.finish_inspection(
            inspection,
            counts=form.counts(),
            others=form.others(),
            note=form.checked()["note"],
            by=request.user,
        )
    except Refused as refusal:
        return _page(request, inspection, request.POST, refusal)
    messages.success(request, _said(done))
    return redirect(f"{reverse('warehouse')}?{urlencode({'waybill': inspection.parcel.waybill})}")


def _page(
    request: SignedInRequest, inspection: Inspection, typed: QueryDict | None, refusal: Refused | None
) -> HttpResponse:
    parcel = inspection.parcel
    may = None
    try:
        policies.check_can_inspect(inspection, request.user)
    except Refused as refused:
        may = refused
    wanted = returns.expected_lines(parcel)
    context = {
        "inspection": inspection,
        "parcel": parcel,
        "rows": _rows(wanted, typed, refusal.detail.get("field", "") if refusal else ""),
        "others": _typed_others(typed),
        "note": typed.get("note", "") if typed is not None else inspection.note,
        "outcome": typed.get("outcome", "") if typed is not None else "",
        "files": files_of(inspection),
        "parcel_files": files_of(parcel),
        "lines": list(inspection.lines.select_related("order_line__listing").order_by("pk")),
        "refusal": refusal,
        "may": may,
        "photos_needed": PHOTOS_NEEDED,
        "is_couriers": parcel.kind in inspecting.COURIERS_FAULT,
        "units": sum(units for _line, units in wanted),
    }
    status = 422 if refusal is not None else 200
    return render(request, "aftersales/warehouse_inspection.html", context, status=status)


def _rows(wanted: Sequence[tuple[OrderLine, int]], typed: QueryDict | None, wrong: str) -> list[Row]:
    skus = {line.pk: known_sku_of(line.listing) for line, _units in wanted}
    bins = {
        row.sku_id: row.bin
        for row in Stock.objects.filter(sku__in=[sku for sku in skus.values() if sku], grade="sellable")
    }
    found = []
    for line, units in wanted:
        sku = skus[line.pk]
        sellable, defective, missing = ("" if typed is None else typed.get(f"{pile}-{line.pk}", "") for pile in PILES)
        cost, place = (sku.cost_fen, bins.get(sku.pk, "")) if sku else (None, "")
        is_wrong = wrong == f"line-{line.pk}"
        found.append(Row(line, units, sellable, defective, missing, cost, place, is_wrong))
    return found


def _typed_others(typed: QueryDict | None) -> list[dict[str, Any]]:
    return [
        {
            "n": n,
            "what": typed.get(f"what-{n}", "") if typed is not None else "",
            "count": typed.get(f"other-{n}", "") if typed is not None else "",
        }
        for n in range(OTHERS)
    ]


def _said(done: Inspection) -> str:
    """What has happened with the goods, in one sentence."""
    if done.result == Result.FINE:
        return _("Inspected: all fine. The goods are on the shelf again.")
    is_couriers = done.parcel.kind in (ReturnKind.STOPPED, ReturnKind.REFUSED)
    if is_couriers:
        return _("Inspected: %(result)s. A claim on the courier is drafted.") % {"result": done.get_result_display()}
    return _("Inspected: %(result)s. An agent has it now, with your photos.") % {"result": done.get_result_display()}
