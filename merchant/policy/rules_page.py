from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from merchant.people.rights import Right, can
from merchant.policy import rule_values as values
from merchant.policy import rules as book
from merchant.policy import services as policy
from merchant.policy.models import Policy
from merchant.shops.models import Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int


@login_required
@require_safe
def rules(request: SignedInRequest) -> HttpResponse:
    """Every rule, amount and clock in plain words, with the chosen shop's value beside the default."""
    shops = list(Shop.objects.visible_to(request.user).order_by("pk"))
    wanted = request.GET.get("shop", "")
    shop = (
        get_object_or_404(Shop.objects.visible_to(request.user), pk=wanted)
        if parse_int(wanted) is not None
        else next(iter(shops), None)
    )
    term = request.GET.get("word", "").strip()
    held = policy.current(shop) if shop else Policy()
    chapters = []
    for number, (title, rows) in enumerate(book.groups(), start=1):
        found = [line(rule, held) for rule in rows if not term or values.mentions(rule, term)]
        if found:
            chapters.append({"anchor": f"chapter-{number}", "title": str(title), "rows": found})
    context = {
        "shops": shops,
        "shop": shop,
        "policy": held,
        "in_force_since": _since(held),
        "chapters": chapters,
        "term": term,
        "may_edit": bool(shop) and can(request.user, shop, Right.EDIT_POLICY),
    }
    return render(request, "merchant/rules.html", context)


def _since(held: Policy) -> datetime | None:
    """When this version came into force; the settings as delivered have no such moment."""
    return held.effective_at if held.pk else None


def line(rule: book.Rule, held: Policy) -> dict[str, object]:
    """One rule in the page's language, with this shop's value."""
    return {
        "code": rule.code,
        "title": rule.title(),
        "text": rule.text(),
        "source": rule.source(),
        "default": values.default_text(rule),
        "value": values.shop_text(rule, held),
        "is_changed": values.is_changed(rule, held),
        "applies_now": rule.applies_now,
    }
