"""Where a parcel is. The stored values are also the words every courier adapter speaks (`couriers.base.Scan`)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.shops.models import Platform


class PackageState(models.TextChoices):
    """A parcel's state: a projection of its sorted scans, never set by hand."""

    LABELLED = "labelled", _("Labelled")
    PICKED_UP = "picked_up", _("Picked up")
    IN_TRANSIT = "in_transit", _("In transit")
    ARRIVED_DESTINATION = "arrived_destination", _("At the delivering site")
    OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
    AT_LOCKER = "at_locker", _("Waiting at a locker or station")
    SIGNED = "signed", _("Signed for")
    REFUSED = "refused", _("Refused at the door")
    RETURNING = "returning", _("Returning")
    RETURNED = "returned", _("Returned")
    REDIRECTED = "redirected", _("Redirected")
    EXCEPTION = "exception", _("Trouble on the way")
    VOIDED = "voided", _("Label voided")


# Two scans in the same second: the one further down the road is taken as the later.
STATE_RANK = {
    state: rank
    for rank, state in enumerate(
        (
            PackageState.LABELLED,
            PackageState.PICKED_UP,
            PackageState.IN_TRANSIT,
            PackageState.REDIRECTED,
            PackageState.ARRIVED_DESTINATION,
            PackageState.OUT_FOR_DELIVERY,
            PackageState.AT_LOCKER,
            PackageState.EXCEPTION,
            PackageState.REFUSED,
            PackageState.RETURNING,
            PackageState.SIGNED,
            PackageState.RETURNED,
            PackageState.VOIDED,
        )
    )
}

# Still moving towards somebody: the states in which a missing scan is worth an exception.
ON_THE_ROAD = (
    PackageState.PICKED_UP,
    PackageState.IN_TRANSIT,
    PackageState.ARRIVED_DESTINATION,
    PackageState.OUT_FOR_DELIVERY,
    PackageState.REDIRECTED,
)

# A parcel's life is over: nothing more is asked about it unless an interception is still open.
ENDED = (PackageState.SIGNED, PackageState.RETURNED, PackageState.VOIDED)


# Not delivered, and on its way to us or here.
COMING_BACK = (PackageState.REFUSED, PackageState.RETURNING, PackageState.RETURNED)


class Direction(models.TextChoices):
    """Why the parcel travels. A resend is outbound too, but does not count for rule E07."""

    OUTBOUND = "outbound", _("to the buyer")
    RESEND = "resend", _("sent again")
    INBOUND = "inbound", _("sent back by the buyer")


class WaybillSource(models.TextChoices):
    """Who issued the label; rule E09 wants the platform's e-waybill."""

    PLATFORM_EWAYBILL = "platform_ewaybill", _("platform e-waybill")
    COURIER_EWAYBILL = "courier_ewaybill", _("courier e-waybill")
    UNKNOWN = "unknown", _("not known")


# Shops without a platform's e-waybill service ship with the courier's own, which E09 then means.
OWN_PLATFORMS = (Platform.OWN, Platform.OTHER)


class OwnScan:
    """Raw codes of the events we write ourselves: the label, its void, the warehouse's scan."""

    LABELLED = "own:labelled"
    VOIDED = "own:voided"
    RECEIVED = "own:received"
    # The platform says that the buyer has the goods.
    RECEIVED_BY_BUYER = "own:received_by_buyer"
