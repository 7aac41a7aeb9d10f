"""The page somebody starts on: the one their work is on."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from merchant.people.rights import Right, rights_in
from merchant.people.visibility import shops_of
from merchant.ui.access import SignedInRequest

# The first right somebody holds names their page: an owner and a supervisor hold the first, an agent the second.
HOMES = (
    (Right.SEE_BOARD, "board"),
    (Right.AGREE_CASE, "desk"),
    (Right.RECEIVE_PARCEL, "warehouse"),
    (Right.RELEASE_REFUND, "refunds"),
    (Right.APPROVE_REFUND, "refunds"),
    (Right.EDIT_SECRETS, "settings"),
    (Right.SEE_ORDERS, "orders"),
)


@login_required
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """There. Whoever belongs to no shop yet goes where a shop begins."""
    shops = shops_of(request.user)
    if not shops:
        return redirect("start")
    held = rights_in(request.user, shops)
    return redirect(next((name for right, name in HOMES if right in held), "rules"))
