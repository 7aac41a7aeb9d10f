"""Accounts before anybody is signed in: the first one, and the password of somebody who was invited."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from merchant.refusals import Refused
from merchant.staff import first
from merchant.staff.forms import FirstAccountForm


@sensitive_post_parameters("password", "again", "code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_account(request: HttpRequest) -> HttpResponse:
    """Open while there is no account; afterwards it leads to the login."""
    if not first.is_empty():
        return redirect("login")
    form = FirstAccountForm(request.POST or None, initial={"code": request.GET.get("code", "")[:40]})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            user = first.make_first_account(
                code=told["code"],
                username=told["username"],
                display_name=told["display_name"],
                password=told["password"],
            )
        except Refused as refusal:
            field = refusal.detail.get("field")
            form.add_error(field if field in form.fields else None, str(refusal.message))
        else:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("home")
    return render(request, "registration/first_account.html", {"form": form}, status=422 if form.errors else 200)


class Invitation(auth.PasswordResetConfirmView):
    """Whoever holds the link chooses the password, and signs in with it as everybody does. Django takes the token out
    of the address before the page is drawn."""

    template_name = "registration/invitation.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return super().form_valid(form)


invitation = Invitation.as_view()
