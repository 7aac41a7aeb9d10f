"""Parcels that come back to us although nobody asked for them: refused at the door, not found, turned round. While one
does, its order is neither received nor complete by itself."""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from logistics.parcels.enums import COMING_BACK, Direction, PackageState
from logistics.parcels.models import Package, PackageLine
from orders.record import holds

# How long after its last scan such a parcel stays on the lists of those who wait for it.
LISTED_FOR = timedelta(days=30)


def comes_back() -> Q:
    """Over rows of Order: a parcel of it has turned round, and nothing that was sent after it has arrived."""
    later = Package.objects.in_force().filter(
        order=OuterRef("order"),
        direction__in=[Direction.OUTBOUND, Direction.RESEND],
        state=PackageState.SIGNED,
        labelled_at__gt=OuterRef("labelled_at"),
    )
    turned = Package.objects.outbound().in_force().filter(state__in=COMING_BACK).exclude(Exists(later))
    own = turned.filter(order=OuterRef("pk"))
    # Orders that share another order's parcel.
    inside = PackageLine.objects.filter(order=OuterRef("pk"), package__state__in=COMING_BACK).exclude(
        package__order=F("order")
    )
    inside = inside.filter(package__direction=Direction.OUTBOUND)
    return Q(Exists(own)) | Q(Exists(inside))


def register() -> None:
    """Called once, when the process starts."""
    holds.register(
        "coming_back", comes_back, why=_("A parcel of this order is on its way back, or here: decide first.")
    )
