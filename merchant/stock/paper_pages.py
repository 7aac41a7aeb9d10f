"""Counts, adjustments, transfers and purchases: their lists, their sheets and their verbs."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Q, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchant.catalog.services import sku_of_scan
from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.stock import counting, policies, purchases, transfers
from merchant.stock.enums import Grade
from merchant.stock.forms import (
    AdjustmentForm,
    CountForm,
    LineForm,
    PurchaseForm,
    ReceiptForm,
    TransferForm,
    units_of,
)
from merchant.stock.models import Warehouse
from merchant.stock.paper_models import Purchase, Stocktake, Transfer
from merchant.stock.services import main_warehouse
from merchant.trail import timeline
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.forms import ReasonGivenForm, add_refusal
from merchant.ui.query_params import parse_int

SIZE = 50
MODELS: dict[str, Any] = {"counts": Stocktake, "transfers": Transfer, "purchases": Purchase}
PAGES = {"counts": "stocktake_detail", "transfers": "transfer_detail", "purchases": "purchase_detail"}
Verbs = dict[str, Callable[..., Any]]
BESIDE = {"counts": ("warehouse",), "transfers": ("source", "target"), "purchases": ("warehouse",)}


@login_required
@require_safe
def stock_papers(request: SignedInRequest, kind: str) -> HttpResponse:
    """The newest papers of a kind; what waits for somebody is counted on the tab."""
    if kind not in MODELS:
        raise Http404
    rows = MODELS[kind].objects.visible_to(request.user).select_related("shop", *BESIDE[kind])
    rows = rows.annotate(line_count=Count("lines"), **_sums(kind))
    if (after := parse_int(request.GET.get("after", ""))) is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: SIZE + 1])
    page, more = found[:SIZE], len(found) > SIZE
    context = {
        "kind": kind,
        "rows": [{"paper": row, "url": reverse(PAGES[kind], args=[row.shop_id, row.number])} for row in page],
        "next_key": page[-1].pk if more else "",
        "is_first": after is None,
        "shops": Shop.objects.filter(pk__in=shops_of(request.user)).order_by("name"),
    }
    return render(request, "merchant/stock_papers.html", context)


def _sums(kind: str) -> dict[str, Any]:
    if kind == "counts":
        return {
            "counted": Count("lines", filter=Q(lines__counted__isnull=False)),
            "differing": Count("lines", filter=~Q(lines__counted=F("lines__expected"))),
        }
    if kind == "transfers":
        return {"wanted": Sum("lines__sent"), "came": Sum("lines__received")}
    return {"wanted": Sum("lines__expected"), "came": Sum("lines__received")}


def _place(shop: Shop, told: dict[str, Any]) -> Warehouse:
    return told.get("warehouse") or main_warehouse(shop.pk)


def _count(shop: Shop, told: dict[str, Any], by: Any) -> Any:
    return counting.open_stocktake(_place(shop, told), by=by, bins=told["bins"])


def _adjust(shop: Shop, told: dict[str, Any], by: Any) -> Any:
    more = {"sku": told["code"], "delta": told["delta"], "grade": told["grade"]}
    return counting.file_adjustment(_place(shop, told), reason=told["reason"], by=by, **more)


def _transfer(shop: Shop, told: dict[str, Any], by: Any) -> Any:
    units = [(sku, quantity) for sku, quantity, _cost in told["lines"]]
    return transfers.send_transfer(told["source"], told["target"], units=units, note=told["note"], by=by)


def _purchase(shop: Shop, told: dict[str, Any], by: Any) -> Any:
    more = {"supplier": told["supplier"], "expected_date": told["expected_date"], "note": told["note"]}
    return purchases.open_purchase(_place(shop, told), units=told["lines"], by=by, **more)


New = tuple[type[forms.Form], Callable[..., Any], Callable[..., Any], str, Any, Any]
NEW: dict[str, New] = {
    "count": (
        CountForm,
        _count,
        policies.check_can_work,
        "counts",
        gettext_lazy("New count"),
        gettext_lazy("Open the sheet"),
    ),
    "adjustment": (
        AdjustmentForm,
        _adjust,
        policies.check_can_work,
        "counts",
        gettext_lazy("New adjustment"),
        gettext_lazy("Hand in for approval"),
    ),
    "transfer": (
        TransferForm,
        _transfer,
        policies.check_can_work,
        "transfers",
        gettext_lazy("New transfer"),
        gettext_lazy("Send the goods"),
    ),
    "purchase": (
        PurchaseForm,
        _purchase,
        policies.check_can_keep,
        "purchases",
        gettext_lazy("New purchase"),
        gettext_lazy("Expect the goods"),
    ),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def stock_paper_new(request: SignedInRequest, shop_id: int, kind: str) -> HttpResponse:
    """The form of a new paper. Nothing moves by a count or an adjustment before somebody else approves."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    if kind not in NEW:
        raise Http404
    form_class, make, check, back, title, save = NEW[kind]
    may = button(kind, save, check, shop.pk, request.user)
    form = form_class(request.POST or None, shop_id=shop.pk, initial=_initial(request))  # type: ignore[call-arg]
    if request.method == "POST" and not may.is_allowed:
        form.add_error(None, f"{may.sentence} [{may.code}]")
    elif request.method == "POST" and form.is_valid():
        try:
            paper = make(shop, form.cleaned_data, request.user)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect(PAGES[back], shop_id=shop.pk, number=paper.number)
    context = {"form": form, "shop": shop, "title": title, "may": may, "save": save, "back_kind": back}
    return render(request, "merchant/stock_paper_new.html", context)


def _initial(request: SignedInRequest) -> dict[str, Any]:
    """What another page proposes: the goods of a suggestion."""
    return {name: request.GET[name][:60_000] for name in ("lines", "code") if name in request.GET}


# --- one paper --------------------------------------------------------------------------------------------------------


def _paper(request: SignedInRequest, kind: str, shop_id: int, number: str) -> Any:
    rows = MODELS[kind].objects.visible_to(request.user).select_related("shop", *BESIDE[kind])
    return get_object_or_404(rows, shop_id=shop_id, number=number)


def _page(request: SignedInRequest, kind: str, paper: Any, buttons: list[Button], **more: Any) -> HttpResponse:
    context = {"paper": paper, "buttons": {one.name: one for one in buttons}, **more}
    context["entries"] = timeline.entries_of(paper)
    return render(request, f"merchant/{PAGES[kind].removesuffix('_detail')}.html", context)


def _verb(
    request: SignedInRequest, kind: str, paper: Any, verbs: dict[str, Callable[..., Any]], verb: str
) -> HttpResponse:
    if verb not in verbs:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, verbs[verb](request, paper))
    return redirect(PAGES[kind], shop_id=paper.shop_id, number=paper.number)


@login_required
@require_safe
def stocktake_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """The sheet in the order of the walk; once it is filed, the differences first seen by whoever approves."""
    paper = _paper(request, "counts", shop_id, number)
    user = request.user
    buttons = [
        button("count", _("Save the counts"), policies.check_can_count, paper, user),
        button("add", _("Add to the sheet"), policies.check_can_count, paper, user),
        button("file", _("Hand in for approval"), policies.check_can_file, paper, user),
        button("approve", _("Approve and book"), policies.check_can_approve, paper, user),
        button("recount", _("Have it counted again"), policies.check_can_recount, paper, user),
        button("discard", _("Discard"), policies.check_can_discard, paper, user),
    ]
    return _page(request, "counts", paper, buttons, lines=counting.sheet_of(paper), grades=Grade.choices)


def _save_counts(request: SignedInRequest, paper: Stocktake) -> str:
    counted = units_of(request.POST, "count-")
    counting.count_lines(paper, counted=counted, by=request.user)
    return _("Saved: %(count)d lines.") % {"count": len(counted)}


def _add_line(request: SignedInRequest, paper: Stocktake) -> str:
    policies.check_can_count(paper, request.user)
    told = LineForm(request.POST).checked()
    sku = sku_of_scan(paper.shop_id, told["code"])
    if sku is None:
        raise Refused("SKU", _("No product has the code %(code)s.") % {"code": told["code"]})
    counting.add_line(paper, sku=sku, grade=told["grade"] or Grade.SELLABLE, by=request.user)
    return _("On the sheet: %(sku)s.") % {"sku": sku}


def _file(request: SignedInRequest, paper: Stocktake) -> str:
    counting.file_stocktake(paper, by=request.user)
    return _("Handed in: somebody who counted none of it approves.")


def _approve(request: SignedInRequest, paper: Stocktake) -> str:
    counting.approve_stocktake(paper, by=request.user)
    return _("Approved: the differences are booked.")


def _recount(request: SignedInRequest, paper: Stocktake) -> str:
    counting.recount_stocktake(paper, by=request.user, reason=ReasonGivenForm(request.POST).checked()["reason"])
    return _("It is counted again.")


def _discard(request: SignedInRequest, paper: Stocktake) -> str:
    counting.discard_stocktake(paper, by=request.user, reason=ReasonGivenForm(request.POST).checked()["reason"])
    return _("Discarded: nothing was booked.")


STOCKTAKE_VERBS: Verbs = {
    "count": _save_counts,
    "add": _add_line,
    "file": _file,
    "approve": _approve,
    "recount": _recount,
    "discard": _discard,
}


@login_required
@require_POST
def stocktake_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    return _verb(request, "counts", _paper(request, "counts", shop_id, number), STOCKTAKE_VERBS, verb)


@login_required
@require_safe
def transfer_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    paper = _paper(request, "transfers", shop_id, number)
    buttons = [button("receive", _("Receive"), policies.check_can_receive_transfer, paper, request.user)]
    lines = paper.lines.select_related("sku").order_by("sku__code")
    return _page(request, "transfers", paper, buttons, lines=lines)


def _receive_transfer(request: SignedInRequest, paper: Transfer) -> str:
    received = units_of(request.POST, "came-")
    note = ReceiptForm(request.POST).checked()["note"]
    transfers.receive_transfer(paper, received=received, note=note, by=request.user)
    return _("Received: %(count)d units.") % {"count": sum(received.values())}


@login_required
@require_POST
def transfer_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    return _verb(
        request, "transfers", _paper(request, "transfers", shop_id, number), {"receive": _receive_transfer}, verb
    )


@login_required
@require_safe
def purchase_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    paper = _paper(request, "purchases", shop_id, number)
    buttons = [
        button("receive", _("Take in"), policies.check_can_receive_purchase, paper, request.user),
        button("end", _("The rest does not come"), policies.check_can_end_purchase, paper, request.user),
    ]
    lines = paper.lines.select_related("sku").order_by("sku__code")
    return _page(request, "purchases", paper, buttons, lines=lines)


def _receive_purchase(request: SignedInRequest, paper: Purchase) -> str:
    came = units_of(request.POST, "came-")
    seen = ReceiptForm(request.POST).checked()["seen"] or 0
    purchases.receive_purchase(paper, came=came, seen=seen, by=request.user)
    return _("Taken in: %(count)d units.") % {"count": sum(came.values())}


def _end_purchase(request: SignedInRequest, paper: Purchase) -> str:
    purchases.end_purchase(paper, note=ReceiptForm(request.POST).checked()["note"], by=request.user)
    return _("Ended: the rest is no longer expected.")


@login_required
@require_POST
def purchase_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    verbs: Verbs = {"receive": _receive_purchase, "end": _end_purchase}
    return _verb(request, "purchases", _paper(request, "purchases", shop_id, number), verbs, verb)
