"""The pages of an account on another side, a courier's or a platform's: choose, fill in, test the connection."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from merchant.people.rights import Right, can
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops import services
from merchant.shops.connection import connection_of
from merchant.shops.forms import AccountForm
from merchant.shops.models import CourierAccount, PlatformAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.way_back import kept_way, way_back


class AccountPages:
    """Four pages of one kind of account, named after it: `<kind>_account_add`, `<kind>_account_edit`,
    `<kind>_connection` and `<kind>_connection_test`. Templates: merchant/<kind>_account.html and _choice.html."""

    # It stands in addresses and is the field that says which other side an account is of.
    kind: ClassVar[str]
    model: ClassVar[type[CourierAccount | PlatformAccount]]
    choice_form: ClassVar[type[Any]]
    form: ClassVar[type[AccountForm]]
    # What the kind's tests say, by class of answer.
    sentences: ClassVar[Mapping[str, Any]]
    saved: ClassVar[Any]

    def choice(self) -> dict[str, Any]:
        """What the page that chooses shows beside its form."""
        return {}

    def facts(self, account: Any) -> dict[str, Any]:
        """What the account's page shows beside the form."""
        return {}

    def test_facts(self, account: Any) -> dict[str, Any]:
        """What the test's form asks."""
        return {}

    @abstractmethod
    def push(self, account: Any) -> dict[str, Any]:
        """`address`, "" without a public one, and `guide`: what is to be done with it on the other side."""

    @abstractmethod
    def start_test(self, request: SignedInRequest, account: Any) -> None:
        """Have a worker try it. Raises Refused."""

    def urls(self) -> list[URLPattern]:
        place, name = f"<int:shop_id>/accounts/{self.kind}", self.kind
        return [
            path(f"{place}/add/", login_required(self.add), name=f"{name}_account_add"),
            path(f"{place}/<int:pk>/", login_required(self.edit), name=f"{name}_account_edit"),
            path(
                f"{place}/<int:pk>/connection/",
                login_required(require_safe(self.connection)),
                name=f"{name}_connection",
            ),
            path(
                f"{place}/<int:pk>/connection/test/",
                login_required(require_POST(self.connection_test)),
                name=f"{name}_connection_test",
            ),
        ]

    def add(self, request: SignedInRequest, shop_id: int) -> HttpResponse:
        """First which other side (by the query), then what such an account must know."""
        shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
        told = request.POST if self.kind in request.POST else request.GET
        choice = self.choice_form(told if self.kind in told else None)
        if not choice.is_valid():
            context = {"shop": shop, "form": choice, **self.choice()}
            status = 422 if choice.errors else 200
            return render(request, f"merchant/{self.kind}_choice.html", context, status=status)
        return self._form(request, shop, self.model(shop=shop, **choice.cleaned_data))

    def edit(self, request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
        account = self._account(request, shop_id, pk)
        return self._form(request, account.shop, account)

    def connection(self, request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
        """What is known of the account's connection; the page asks until a test has its answer."""
        return self._panel(request, self._account(request, shop_id, pk))

    def connection_test(self, request: SignedInRequest, shop_id: int, pk: int) -> HttpResponse:
        """Have a worker try it."""
        account, refusal = self._account(request, shop_id, pk), ""
        try:
            self.start_test(request, account)
        except Refused as refused:
            if not request.htmx:
                messages.error(request, str(refused), extra_tags=refused.code)
            refusal = str(refused.message)
        if not request.htmx:
            return redirect(f"{self.kind}_account_edit", shop_id=shop_id, pk=pk)
        account.refresh_from_db()
        return self._panel(request, account, refusal)

    def _account(self, request: SignedInRequest, shop_id: int, pk: int) -> Any:
        shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
        visible = self.model.objects.visible_to(request.user).select_related("shop")
        return get_object_or_404(visible, shop=shop, pk=pk)

    def _form(self, request: SignedInRequest, shop: Shop, account: Any) -> HttpResponse:
        is_new = account.pk is None
        form: Any = self.form(request.POST or None, instance=account)
        if request.method == "POST" and form.is_valid():
            account = form.save(commit=False)
            with refusals_as_messages(request):
                services.save_account(account, by=request.user, secrets=form.secrets())
                if is_new:
                    messages.success(request, self.saved)
                    address = reverse(f"{self.kind}_account_edit", args=[shop.pk, account.pk])
                    return redirect(address + kept_way(request))
                messages.success(request, _("Saved."))
                return redirect(way_back(request, "accounts", shop_id=shop.pk))
        context: dict[str, Any] = {
            "shop": shop,
            "form": form,
            "account": account,
            "may_edit": can(request.user, shop, Right.EDIT_SECRETS),
            "next": way_back(request, "accounts", shop_id=shop.pk),
            **self.facts(account),
            **({} if account.pk is None else {**self._connection(account), "push": self.push(account)}),
        }
        return render(request, f"merchant/{self.kind}_account.html", context, status=422 if form.errors else 200)

    def _panel(self, request: SignedInRequest, account: Any, refusal: str = "") -> HttpResponse:
        may_edit = can(request.user, account.shop, Right.EDIT_SECRETS)
        context = {"account": account, "may_edit": may_edit, "refusal": refusal, **self._connection(account)}
        return render(request, "merchant/_connection.html", context)

    def _connection(self, account: Any) -> dict[str, Any]:
        place = [account.shop_id, account.pk]
        return {
            "connection": connection_of(account, self.sentences),
            "connection_url": reverse(f"{self.kind}_connection", args=place),
            "test_url": reverse(f"{self.kind}_connection_test", args=place),
            **self.test_facts(account),
        }
