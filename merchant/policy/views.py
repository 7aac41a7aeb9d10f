from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from merchant.people.rights import Right, can
from merchant.policy import rules as rulebook
from merchant.policy import schema, services
from merchant.policy.forms import PolicyForm, initial
from merchant.policy.models import Policy
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int


@login_required
def policy_page(request: SignedInRequest, shop_id: int) -> HttpResponse:
    """Rules and timers of one shop: read by whoever sees the shop, changed by whoever may, with a reason."""
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    rules = services.current(shop)
    form = PolicyForm(request.POST or None, initial=initial(rules))
    timers, bad_timers = _read_timers(request.POST if request.method == "POST" else {}, rules)
    if request.method == "POST" and form.is_valid() and not bad_timers:
        changes = form.changed_settings(rules)
        if moved := {name: seconds for name, seconds in timers.items() if seconds != rules.timers[name]}:
            changes["timers"] = moved
        try:
            if changes:
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
    context = {
        "shop": shop,
        "rules": rules,
        "form": form,
        "timers": [
            {
                "code": name,
                "title": rulebook.rule(name).title(),
                "value": _amount(timers[name]),
                "unit": _unit(timers[name]),
                "is_wrong": name in bad_timers,
            }
            for name in schema.TIMERS
        ],
        "may_edit": can(request.user, shop, Right.EDIT_POLICY),
        "history": Policy.objects.filter(shop=shop).select_related("by").order_by("-version")[:20],
    }
    return render(request, "merchant/policy.html", context, status=422 if form.errors or bad_timers else 200)


UNITS = {"d": schema.DAY, "h": schema.HOUR, "min": schema.MINUTE, "s": 1}


def _unit(seconds: int) -> str:
    # Days from three on: the trade says 48 hours.
    least = {"d": 3 * schema.DAY}
    return next(u for u, length in UNITS.items() if seconds % length == 0 and seconds >= least.get(u, length))


def _amount(seconds: int) -> int:
    return seconds // UNITS[_unit(seconds)]


def _read_timers(posted: Any, rules: schema.ShopPolicy) -> tuple[dict[str, int], set[str]]:
    found, wrong = dict(rules.timers), set()
    for name in schema.TIMERS:
        if name not in posted:
            continue
        unit = UNITS.get(posted.get(f"{name}-unit", "s"), 1)
        amount = parse_int(posted[name])
        if amount is not None and 1 <= amount * unit <= 365 * schema.DAY:
            found[name] = amount * unit
        else:
            wrong.add(name)
    return found, wrong
