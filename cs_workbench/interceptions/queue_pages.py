"""The queues of goods on their way home, and the form in which finance enters what the courier billed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cs_workbench.interceptions import queues
from cs_workbench.interceptions.views import buttons
from logistics.interception.billing import bill_interception
from logistics.interception.forms import BillForm
from logistics.interception.models import Interception
from merchant.refusals import refusals_as_messages
from merchant.ui.access import SignedInRequest

# The verbs a row offers beside opening it.
STEPS = {"lost": ("receive", "give-up"), "without-case": ("withdraw",)}


@login_required
@require_safe
def interception_queues(request: SignedInRequest) -> HttpResponse:
    """One tab a queue, the most urgent row first, each with what can be done about it."""
    counted = queues.counts(request.user)
    default = next((queue.name for queue in queues.QUEUES if counted[queue.name]), "away")
    queue = queues.BY_NAME.get(request.GET.get("tab", ""), queues.BY_NAME[default])
    lines, next_key = queues.page(request.user, queue, request.GET.get("after", ""))
    steps = STEPS.get(queue.name, ())
    context = {
        "queue": queue,
        "tabs": [(one, counted[one.name]) for one in queues.QUEUES],
        "rows": [
            {
                "line": line,
                "buttons": [one for one in buttons(line.row, request.user) if one.name in steps] if line.row else [],
            }
            for line in lines
        ],
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
    }
    return render(request, "cs_workbench/interception_queues.html", context)


@login_required
@require_POST
def interception_bill(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    row = get_object_or_404(Interception.objects.visible_to(request.user), shop_id=shop_id, number=number)
    with refusals_as_messages(request):
        typed = BillForm(request.POST).checked()
        bill_interception(
            row, by=request.user, fee_fen=typed["fee"], freight_fen=typed["freight"], reference=typed["reference"]
        )
        messages.success(request, _("Booked as billed."))
    return redirect("interception_detail", shop_id=shop_id, number=number)
