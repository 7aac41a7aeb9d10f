"""The processes of an installation and whether each gives signs of life: told by `/health/` and the operations page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.jobs.models import ProcessBeat

# A process that said nothing for so long is called silent.
SILENT = timedelta(seconds=90)
# What each does, in words of whoever looks after the installation. `web` answers the question itself.
NAMES: dict[str, Any] = {
    "worker-money": _("Pays refunds and follows after-sale cases"),
    "worker-intercept": _("Asks couriers to stop parcels"),
    "worker-push": _("Reads what couriers push"),
    "worker-background": _("Imports, bulk work, platforms, cleaning up"),
    "poller": _("Asks couriers where parcels are"),
    "beat": _("Starts what is due"),
}


@dataclass(frozen=True)
class Sign:
    """Of one process; `last_at` None: it never gave one."""

    name: str
    label: Any
    last_at: datetime | None
    backlog: int
    is_silent: bool


def signs() -> list[Sign]:
    """Every process there has to be, in this order, whether or not it ever ran; one statement."""
    rows = {row.name: row for row in ProcessBeat.objects.filter(name__in=list(NAMES))}
    return [
        Sign(
            name,
            label,
            rows[name].last_ok_at if name in rows else None,
            rows[name].backlog if name in rows else 0,
            name not in rows or is_silent(rows[name]),
        )
        for name, label in NAMES.items()
    ]


def is_silent(row: ProcessBeat) -> bool:
    return now() - row.last_ok_at > max(SILENT, SILENT * settings.CLOCK_SCALE)
