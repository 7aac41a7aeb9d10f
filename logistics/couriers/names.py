"""What people call a courier, also one we do not speak with."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.couriers import registry

# Couriers a shop may use without our speaking with them; the adapters name themselves.
COURIERS: dict[str, Any] = {
    "zto": _("ZTO"),
    "yto": _("YTO"),
    "sto": _("STO"),
    "jt": _("J&T"),
    "yd": _("Yunda"),
    "sf": _("SF Express"),
    "jd": _("JD Logistics"),
    "ems": _("EMS"),
    "yz": _("China Post"),
    "db": _("Deppon"),
    "dd": _("Danniao"),
}


def courier_name(code: str) -> str:
    """What people call this courier; a code nobody named stays as it is."""
    adapter = registry.find(code)
    return str((adapter.label if adapter else "") or COURIERS.get(code) or code)
