"""Listings and the products they mean, what orders lack, what to order, and files of goods."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchant.catalog import policies as catalog
from merchant.catalog.services import sku_of_scan
from merchant.jobs.models import Job
from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import button
from merchant.ui.forms import add_refusal
from merchant.ui.query_params import parse_int
from orders.listings import files, lists, services
from orders.listings.forms import GoodsFileForm, MatchForm
from orders.record.listing_models import Listing


@login_required
@require_safe
def listings(request: SignedInRequest) -> HttpResponse:
    """What the platforms sell and which product it means; those without one first, with the orders that wait."""
    which = "matched" if request.GET.get("list") == "matched" else "unmatched"
    find = request.GET.get("find", "").strip()[:80]
    after = parse_int(request.GET.get("after", ""))
    rows, more = lists.listings(request.user, which=which, find=find, after=after)
    may: dict[int, Any] = {}
    for row in rows:
        shop_id = row["listing"].shop_id
        if shop_id not in may:
            may[shop_id] = button("match", _("Match"), catalog.check_can_edit, shop_id, request.user)
        row["match"] = may[shop_id]
    context = {
        "rows": rows,
        "which": which,
        "find": find,
        "next_key": rows[-1]["listing"].pk if more else "",
        "is_first": after is None,
        "shops": Shop.objects.filter(pk__in=shops_of(request.user)).order_by("name"),
    }
    return render(request, "orders/listings.html", context)


@login_required
@require_POST
def listing_match(request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
    listing = get_object_or_404(Listing.objects.visible_to(request.user), shop_id=shop_id, pk=pk)
    with refusals_as_messages(request):
        catalog.check_can_edit(shop_id, request.user)
        code = MatchForm(request.POST).checked()["code"]
        sku = sku_of_scan(shop_id, code) if code else None
        if code and sku is None:
            raise Refused("SKU", _("There is no product %(code)s.") % {"code": code})
        services.match_listing(listing, sku=sku, by=request.user)
        messages.success(request, _("%(title)s is now %(sku)s.") % {"title": listing, "sku": sku or "–"})
    return redirect("listings")


@login_required
@require_POST
def listings_match_by_code(request: SignedInRequest, shop_id: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    with refusals_as_messages(request):
        count = services.match_listings_by_code(shop.pk, by=request.user)
        messages.success(request, _("Matched by merchant code: %(count)d.") % {"count": count})
    return redirect("listings")


@login_required
@require_safe
def shortages(request: SignedInRequest) -> HttpResponse:
    """Lines of orders for which nothing could be kept, and why."""
    after = parse_int(request.GET.get("after", ""))
    rows, more = lists.shortages(request.user, after=after)
    context = {"rows": rows, "next_key": rows[-1].pk if more else "", "is_first": after is None}
    return render(request, "orders/shortages.html", context)


@login_required
@require_safe
def replenish(request: SignedInRequest) -> HttpResponse:
    """What to order, shop by shop, with the figures it comes from."""
    parts = []
    for shop in Shop.objects.filter(pk__in=shops_of(request.user)).order_by("name")[:20]:
        rows, days, lead = lists.suggestions(shop.pk)
        wish = urlencode({"lines": "\n".join(f"{row.sku.code} {row.units}" for row in rows)})
        url = f"{reverse('stock_paper_new', args=[shop.pk, 'purchase'])}?{wish}"
        parts.append({"shop": shop, "rows": rows, "days": days, "lead": lead, "url": url})
    return render(request, "orders/replenish.html", {"parts": parts})


# --- files ------------------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def goods_file_new(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """Products, stock or matches by file."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    form = GoodsFileForm(request.POST or None, request.FILES or None)
    may = button("save", _("Upload"), catalog.check_can_edit, shop.pk, request.user)
    if request.method == "POST" and not may.is_allowed:
        form.add_error(None, f"{may.sentence} [{may.code}]")
    elif request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            job = files.start(shop, upload.name, upload.read(), content=form.cleaned_data["content"], by=request.user)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("goods_file", number=job.number)
    context = {"form": form, "shop": shop, "may": may, "columns": files.COLUMNS}
    return render(request, "orders/goods_file_new.html", context)


@login_required
@require_safe
def goods_file(request: SignedInRequest, number: str) -> HttpResponse:
    """What became of a file: how many rows, and each that was refused with its row, column and reason."""
    jobs = Job.objects.filter(kind=files.KIND, shop_id__in=shops_of(request.user)).select_related("shop", "by")
    job = get_object_or_404(jobs, number=number)
    refused = list(job.rows.filter(outcome="refused").order_by("row_no")[:500])
    context = {"job": job, "refused": refused, "is_open": job.state in ("waiting", "running")}
    return render(request, "orders/goods_file.html", context)


@login_required
@require_safe
def goods_export(request: SignedInRequest, shop_id: int) -> StreamingHttpResponse:
    """All products with what lies where, in the columns that the upload reads."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    answer = StreamingHttpResponse(files.export(shop.pk), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="stock-{shop.pk}.csv"'
    return answer
