"""立即重查 in the background: a courier that thinks long keeps no page waiting."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.parcels.models import Package
from logistics.tracking import services
from merchant.errands import kinds
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.people.models import Actor

REFRESH = "parcel.refresh"


def submit_refresh(package: Package, *, by: Actor) -> Errand:
    """Have the courier asked where the parcel is. Whoever sees a parcel may."""
    return errands.submit(REFRESH, package, by=by)


def _check(package: Package, *, by: Actor) -> None:
    """Nothing forbids it before the courier's turn comes."""


def _run(package: Package, *, by: Actor) -> str:
    fresh = services.refresh_track(package, by=by)
    return _("The track was read again: %(state)s.") % {"state": fresh.get_state_display()}


def register() -> None:
    """Called once, when the process starts."""
    kinds.register(
        REFRESH,
        Package,
        label=gettext_lazy("Read the track again"),
        task="logistics.run_errand",
        check=_check,
        run=_run,
    )
