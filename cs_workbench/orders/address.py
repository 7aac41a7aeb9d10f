"""改地址 of one order: a form that keeps what was typed, and shows nothing of the old address."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from merchant.refusals import Refused
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from orders.editing import policies, services
from orders.editing.forms import AddressForm, WhyForm
from orders.editing.regions import PROVINCES
from orders.record.models import Order


def address_button(order: Order, user: Any) -> Button:
    """Whether this person may change it now, with the sentence when not."""
    return button("address", _("Change the address"), policies.check_can_change_address, order, user)


def address_context(order: Order, user: Any, form: AddressForm | None = None) -> dict[str, Any]:
    """What `_address_form.html` needs beside the order."""
    return {
        "address": address_button(order, user),
        "address_form": form or AddressForm(auto_id=f"address-{order.pk}-%s"),
        "provinces": PROVINCES,
        "keeps_old": policies.platform_keeps_the_old(order),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def order_address(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """GET: the form, alone or as a page. POST: changed, or the form again with its errors beside the fields."""
    found = Order.objects.visible_to(request.user).select_related("recipient", "shop")
    order = get_object_or_404(found, shop_id=shop_id, number=number)
    if request.method != "POST":
        return _form(request, order)
    form = AddressForm(request.POST, auto_id=f"address-{order.pk}-%s")
    refusal = None
    if address_button(order, request.user).is_allowed and not form.is_valid():
        # To htmx a conflict: it swaps the form in and leaves the dialog open.
        return _form(request, order, form, status=409 if request.htmx else 422)
    try:
        typed = {name: request.POST.get(name, "") for name in form.base_fields}
        told = WhyForm(request.POST).checked()
        order = services.change_address(
            order,
            **typed,
            by=request.user,
            reason=told["reason"],
            shown_recipient=told["shown"],
        )
    except Refused as error:
        refusal = error
    if request.htmx:
        if refusal is not None:
            return _form(request, order, form, refusal=refusal, status=409)
        context = {"order": order} | address_context(order, request.user)
        return render(request, "cs_workbench/_address_done.html", context)
    if refusal is not None:
        messages.error(request, str(refusal), extra_tags=refusal.code)
    else:
        messages.success(request, _("The address has changed; an empty field kept what it was."))
    return redirect("order_detail", shop_id=shop_id, number=number)


def _form(
    request: SignedInRequest,
    order: Order,
    form: AddressForm | None = None,
    *,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"order": order, "address_refusal": refusal, **address_context(order, request.user, form)}
    template = "cs_workbench/_address_form.html" if request.htmx else "cs_workbench/order_address.html"
    return render(request, template, context, status=status)
