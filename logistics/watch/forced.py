"""Reads of a track out of turn, because somebody waits. A courier that may be asked about a parcel only so often has
its turns kept by the watch list; these are counted apart, and there are few of them a day."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext as _

from logistics.couriers.base import Courier
from logistics.couriers.enums import Operation
from logistics.couriers.models import CourierCall
from logistics.parcels.models import Package
from merchant.clock import SHANGHAI, now, scaled
from merchant.policy import services as policy
from merchant.refusals import Refused

DAY = timedelta(days=1)


def claim_read(package: Package, courier: Courier) -> CourierCall:
    """Write the read down before it is made; inside a transaction that holds the parcel.

    Raises Refused E12 when the courier sets an interval and the day's reads out of turn (setting
    `forced_reads_per_day`) are used up.
    """
    made = CourierCall.objects.filter(operation=Operation.TRACK, key=f"{package.courier}:{package.waybill}")
    if courier.capabilities.min_interval_s:
        _check_day(package, courier, made)
    last = made.order_by("-attempt").values_list("attempt", flat=True).first()
    return CourierCall.objects.create(
        shop_id=package.shop_id,
        operation=Operation.TRACK,
        key=f"{package.courier}:{package.waybill}",
        subject_id=package.pk,
        attempt=(last or 0) + 1,
        started_at=now(),
    )


def _check_day(package: Package, courier: Courier, made: models.QuerySet[CourierCall]) -> None:
    limit = max(policy.current(package.shop_id).forced_reads_per_day, 1)
    today = made.filter(shop_id=package.shop_id, started_at__gt=now() - scaled(DAY)).order_by("-started_at")
    latest = list(today.values_list("started_at", flat=True)[:limit])
    if len(latest) < limit:
        return
    again_at = latest[-1] + scaled(DAY)
    raise Refused(
        "E12",
        _("%(name)s may be asked about a parcel out of turn %(count)s times a day; the next time is %(at)s.")
        % {"name": courier.label, "count": limit, "at": again_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")},
        again_at=again_at.isoformat(),
    )
