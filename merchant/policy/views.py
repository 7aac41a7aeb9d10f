from copy import copy
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from merchant.clock import today
from merchant.people.rights import Right, can
from merchant.policy import services
from merchant.policy.forms import PolicyForm
from merchant.policy.models import Policy
from merchant.policy.working_hours import unknown_year
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest


@login_required
def policy_page(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """Rules and timers of one shop: read by whoever sees the shop, changed by whoever may, with a reason."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    rules = services.current(shop)
    # A form writes into the row it is given.
    form = PolicyForm(request.POST or None, instance=copy(rules), initial={"reason": ""})
    if request.method == "POST" and form.is_valid():
        try:
            if changes := form.changed_settings(rules):
                services.change(shop, by=request.user, reason=form.cleaned_data["reason"], **changes)
                messages.success(
                    request, _("Saved as a new version. Clocks that run keep the version they started under.")
                )
            else:
                messages.info(request, _("Nothing differs from the version in force."))
            return redirect("policy", shop_id=shop.pk)
        except Refused as refusal:
            field = refusal.detail.get("field")
            form.add_error(field if field in form.fields else None, str(refusal.message))
    ahead = unknown_year(today() + timedelta(days=60))
    context = {
        "shop": shop,
        "rules": rules,
        # Told to whom it concerns: a shop whose hours differ by the day.
        "unknown_year": ahead if len({rules.hours_workday, rules.hours_weekend, rules.hours_holiday}) > 1 else None,
        "form": form,
        "timers": form.timers,
        "may_edit": can(request.user, shop, Right.EDIT_POLICY),
        "history": Policy.objects.filter(shop=shop).select_related("by").order_by("-version")[:20],
    }
    return render(request, "merchant/policy.html", context, status=422 if form.errors else 200)
