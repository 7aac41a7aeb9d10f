"""Words for codes that no single room owns: couriers we only know by name, the checks' short names."""

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


CHECKS: dict[str, Any] = {
    "E01": _("Shop"),
    "E02": _("Cross-border"),
    "E03": _("Agreement"),
    "E04": _("Kind of case"),
    "E05": _("Shipped at"),
    "E06": _("Goods"),
    "E07": _("Parcels"),
    "E08": _("Courier"),
    "E09": _("E-waybill"),
    "E10": _("Amount"),
    "E11": _("Parcel is"),
    "E12": _("Track read"),
    "E13": _("Share"),
    "E14": _("Stopped before"),
    "E15": _("Shared parcel"),
    "E16": _("Version"),
}
