"""插旗 in one press. A page with script shows the flag at once and asks here; without it the order page answers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from merchant.refusals import Refused
from merchant.ui.access import SignedInRequest
from orders.record.models import Order
from orders.remarks import services as remarks
from orders.remarks.flags import flag_name
from orders.remarks.forms import FlagForm, UndoFlagForm


@login_required
@require_POST
def order_flag(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """`flag`: 0 to 5, empty for none. `undo`: what an earlier answer gave, to put the flag back."""
    order = get_object_or_404(Order.objects.visible_to(request.user), shop_id=shop_id, number=number)
    undo, said, refusal = "", "", None
    try:
        if "undo" in request.POST:
            change_id = UndoFlagForm(request.POST).checked()["undo"]
            remarks.undo_flag(order, change_id=change_id, by=request.user)
            said = _("The flag is as it was.")
        else:
            change = remarks.set_flag(order, by=request.user, **FlagForm(request.POST).checked())
            undo = str(change.pk) if change else ""
    except Refused as refused:
        refusal = refused
    order.refresh_from_db(fields=["flag"])
    if request.accepts("text/html"):
        if refusal is not None:
            messages.error(request, str(refusal), extra_tags=refusal.code)
        else:
            messages.success(request, said or flag_said(order))
        return redirect("order_detail", shop_id=shop_id, number=number)
    told = {"flag": "" if order.flag is None else order.flag, "said": said or flag_said(order), "undo": undo}
    if refusal is not None:
        return JsonResponse(told | {"refused": str(refusal)}, status=409)
    return JsonResponse(told)


def flag_said(order: Order) -> str:
    return _("Order ending in %(tail)s: %(flag)s") % {"tail": order.number[-4:], "flag": flag_name(order.flag)}
