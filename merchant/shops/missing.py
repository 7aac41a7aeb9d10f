"""What an empty page waits for in vain: the first thing that none of somebody's shops has, and where it is made."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from merchant.shops.models import Agreement, AgreementKind, CourierAccount, PlatformAccount


@dataclass(frozen=True)
class Missing:
    """`verb` and `url` are empty for whoever cannot make it."""

    title: str
    text: str
    verb: str = ""
    url: str = ""


def missing_of(user: Any, needs: str) -> Missing | None:
    """`needs`, separated by blanks: "cases" (requests come in by themselves), "pays" (refunds go out by themselves),
    "stops" (parcels can be stopped). None where nothing of these is missing."""
    shops = shops_of(user)
    if not shops:
        return Missing(_("You are in no shop yet"), _("Ask the owner of your shop to add you under Settings › Staff."))
    for need in needs.split():
        if need in ("cases", "pays") and not _exists(PlatformAccount.objects.filter(is_active=True), shops):
            return _platform(user, shops[0], need)
        if need == "stops":
            if not _exists(CourierAccount.objects.filter(is_active=True), shops):
                return _made(
                    user,
                    shops[0],
                    _("No courier account yet"),
                    _("Without one no courier can be asked where a parcel is, or to stop it."),
                    _("Add a courier account"),
                    "courier_account_add",
                )
            signed = Agreement.objects.filter(revoked_at=None, kind=AgreementKind.INTERCEPT)
            if not _exists(signed, shops):
                return _made(
                    user,
                    shops[0],
                    _("The interception agreement is not signed"),
                    _("Every interception is refused until the owner signs it."),
                    _("Read and sign"),
                    "agreement",
                )
    return None


def _platform(user: Any, shop: int, need: str) -> Missing:
    texts = {
        "cases": _("Requests do not come in by themselves: they are opened by hand, on imported orders."),
        "pays": _("Refunds do not go out by themselves: they are paid by hand."),
    }
    title, verb = _("No platform account yet"), _("Add a platform account")
    return _made(user, shop, title, texts[need], verb, "platform_account_add")


def _made(user: Any, shop: int, title: str, text: str, verb: str, name: str) -> Missing:
    may = can(user, shop, Right.SIGN_AGREEMENT if name == "agreement" else Right.EDIT_SECRETS)
    return Missing(title, text, verb, reverse(name, args=[shop])) if may else Missing(title, text)


def _exists(rows: Any, shops: list[int]) -> bool:
    return bool(rows.filter(shop__in=shops).exists())
