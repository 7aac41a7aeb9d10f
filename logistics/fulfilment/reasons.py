"""The reasons of the rules as sentences. They are stored as codes with plain values, so that they are read in the
language of whoever asks why."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from merchant.money import yuan


def sentences(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence a reason; a code nobody knows any more is left out."""
    return [text(reason) for reason in reasons if reason.get("code") in TEXTS]


def text(reason: Mapping[str, Any]) -> str:
    return str(TEXTS[reason["code"]](reason))


def days_text(hours: int) -> str:
    """60 → 2.5 days."""
    return _("%(days)s days") % {"days": f"{hours / 24:.1f}".removesuffix(".0")}


def _shared(r: Mapping[str, Any]) -> str:
    found = ngettext(
        "Packed together: %(count)d order of one buyer to one address.",
        "Packed together: %(count)d orders of one buyer to one address.",
        r["count"],
    )
    return found % {"count": r["count"]}


def _speed(r: Mapping[str, Any]) -> str:
    return _("about %(days)s to %(province)s, the median of %(count)d of our own parcels") % {
        "days": days_text(r["hours"]), "province": r["province"], "count": r["parcels"],
    }  # fmt: skip


TEXTS: dict[str, Any] = {
    # Warehouse.
    "only": lambda r: _("%(house)s is the only warehouse.") % {"house": r["house"]},
    "nearest": lambda r: (
        _("%(house)s has everything and is the nearest, about %(km)d km away.") % {"house": r["house"], "km": r["km"]}
    ),
    "preferred": lambda r: _("%(house)s has everything and is asked first.") % {"house": r["house"]},
    "has_all": lambda r: (
        _("%(house)s has everything; nearer, but without all of it: %(nearer)s.")
        % {"house": r["house"], "nearer": "、".join(r["nearer"])}
    ),
    "split": lambda r: (
        _("No warehouse has everything: %(boxes)d boxes; this part lies in %(house)s.")
        % {"house": r["house"], "boxes": r["boxes"]}
    ),
    "short": lambda _r: _("No warehouse has this part now: it waits for goods."),
    "waits": lambda _r: _("No warehouse has everything, and this shop does not split orders: it waits for goods."),
    "by_hand": lambda r: _("%(house)s was chosen by %(name)s.") % {"house": r["house"], "name": r["name"]},
    "merged": _shared,
    "apart": lambda r: _("Taken apart by %(name)s.") % {"name": r["name"]},
    "gift": lambda r: (
        _("Gift %(sku)s × %(quantity)d: %(why)s.") % {"sku": r["sku"], "quantity": r["quantity"], "why": _gift_why(r)}
    ),
    "gift_out": lambda r: _("No gift %(sku)s: none is free in this warehouse.") % {"sku": r["sku"]},
    # Courier.
    "no_courier": lambda _r: _("The shop has no courier account: choose a courier by hand."),
    "courier_rule": lambda r: _("The shop's courier rule %(place)d fits.") % {"place": r["place"]},
    "courier_by_hand": lambda r: _("Chosen by %(name)s.") % {"name": r["name"]},
    "courier_only": lambda _r: _("The shop's only courier account."),
    "courier_first": lambda _r: _("Neither cost nor speed is known of any courier: the first account."),
    "cheapest": lambda r: _("The lowest cost, ¥%(cost)s.") % {"cost": yuan(r["fen"])},
    "fastest": lambda r: _("The fastest: %(speed)s.") % {"speed": _speed(r)},
    "weight_unknown": lambda _r: _("The weight is not known: counted as first weight."),
}


def _gift_why(r: Mapping[str, Any]) -> str:
    if r.get("bought"):
        return _("the order holds %(sku)s") % {"sku": r["bought"]}
    return _("paid ¥%(sum)s or more") % {"sum": yuan(r["least_fen"])}
