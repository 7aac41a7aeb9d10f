from typing import Any

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from merchant.people import demo
from merchant.people.forms import PreferencesForm
from merchant.people.known_browsers import remember
from merchant.people.models import User


def login(request: HttpRequest) -> HttpResponseBase:
    """Two fields; in the demo also the people one can be, with one click each. Where nobody can sign in yet, the page
    that makes the first account."""
    if not User.objects.exists():
        return redirect("first_account")
    return SignIn.as_view(extra_context={"demo_people": demo.people()})(request)


class SignIn(auth.LoginView):
    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """The browser is known from now on, or once the second step is done."""
        answer = super().form_valid(form)
        user = form.get_user()
        return remember(self.request, answer, user) if user.second_factor is None else answer


class PasswordChange(auth.PasswordChangeView):
    template_name = "registration/password_change.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password is changed."))
        return super().form_valid(form)


password_change = PasswordChange.as_view()


@login_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """How this person likes to work: what the form names is kept, the rest stays as it was. Back to the page."""
    form = PreferencesForm(request.POST, instance=request.user)
    if form.is_valid():
        form.save()
    back = request.POST.get("back", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "home")
