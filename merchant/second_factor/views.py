"""Two-step sign-in: asked after the password, set up and looked after by the person."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchant.people.known_browsers import remember
from merchant.refusals import Refused
from merchant.second_factor import services
from merchant.second_factor.forms import CodeForm
from merchant.second_factor.middleware import SHOWN
from merchant.ui.access import SignedInRequest


@sensitive_post_parameters("code")
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_ask(request: SignedInRequest) -> HttpResponse:
    """After the password: the app's code, or a recovery code where the phone is lost."""
    user, back = request.user, _back(request)
    if user.second_factor is None or request.session.get(SHOWN) == str(user.second_factor):
        return redirect(back)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            is_recovery = services.verify(user, **CodeForm(request.POST).checked())
        except Refused as refused:
            refusal = refused
        else:
            request.session.cycle_key()
            request.session[SHOWN] = str(user.second_factor)
            if is_recovery:
                messages.warning(request, _("That recovery code is used up. Lost the phone? Set up a new one."))
            return remember(request, redirect("second_factor" if is_recovery else back), user)
    context = {"refusal": refusal, "back": back}
    return render(request, "registration/second_factor_ask.html", context, status=422 if refusal else 200)


@login_required
@never_cache
@require_safe
def second_factor(request: SignedInRequest) -> HttpResponse:
    """Whether it is on, and what one may do about it."""
    return _page(request)


@login_required
@require_POST
def second_factor_begin(request: SignedInRequest) -> HttpResponse:
    """A secret is made and shown until a first code proves that the app has it."""
    try:
        services.begin(request.user)
    except Refused as refused:
        messages.error(request, str(refused), extra_tags=refused.code)
    return redirect("second_factor")


@sensitive_post_parameters("code")
@login_required
@never_cache
@require_POST
def second_factor_confirm(request: SignedInRequest) -> HttpResponse:
    try:
        codes = services.confirm(request.user, **CodeForm(request.POST).checked())
    except Refused as refused:
        return _page(request, refusal=refused)
    request.session[SHOWN] = str(request.user.second_factor)
    return _codes(request, codes, is_new=True)


@sensitive_post_parameters("code")
@login_required
@never_cache
@require_POST
def second_factor_codes(request: SignedInRequest) -> HttpResponse:
    try:
        codes = services.renew_codes(request.user, **CodeForm(request.POST).checked())
    except Refused as refused:
        return _page(request, refusal=refused)
    return _codes(request, codes, is_new=False)


@sensitive_post_parameters("code")
@login_required
@never_cache
@require_POST
def second_factor_off(request: SignedInRequest) -> HttpResponse:
    try:
        services.turn_off(request.user, **CodeForm(request.POST).checked())
    except Refused as refused:
        return _page(request, refusal=refused)
    messages.success(request, _("Two-step sign-in is off."))
    return redirect("second_factor")


def _page(request: SignedInRequest, *, refusal: Refused | None = None) -> HttpResponse:
    factor = services.factor_of(request.user)
    is_waiting = factor is not None and factor.confirmed_at is None
    context: dict[str, Any] = {
        "factor": factor,
        "is_required": services.is_required(request.user),
        "is_waiting": is_waiting,
        "refusal": refusal,
    }
    if factor is not None and is_waiting:
        context |= {"picture": services.picture_of(factor), "secret": services.secret_of(factor)}
    return render(request, "registration/second_factor.html", context, status=422 if refusal else 200)


def _codes(request: SignedInRequest, codes: list[str], *, is_new: bool) -> HttpResponse:
    context = {"codes": codes, "all_codes": "\n".join(codes), "is_new": is_new}
    return render(request, "registration/second_factor_codes.html", context)


def _back(request: SignedInRequest) -> str:
    wanted = request.POST.get("back") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else settings.LOGIN_REDIRECT_URL
