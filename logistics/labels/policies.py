"""Who may print a parcel's papers, and until when."""

from django.utils.translation import gettext_lazy as _

from logistics.parcels.enums import Direction, PackageState
from logistics.parcels.models import Package
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused


def check_can_print(package: Package, *, by: Actor) -> None:
    """Raise Refused RIGHT, or PARCEL: a label is printed for what lies in the house, never for what is on its way."""
    check_right(by, package.shop_id, Right.PACK_ORDER)
    if package.direction != Direction.OUTBOUND:
        raise Refused("PARCEL", _("This parcel comes to us: its sender has printed its label."))
    if package.state == PackageState.VOIDED:
        raise Refused("PARCEL", _("This label is void: print the one that took its place."))
    if package.state != PackageState.LABELLED:
        raise Refused("PARCEL", _("The courier has it already: there is nothing left to print."))
