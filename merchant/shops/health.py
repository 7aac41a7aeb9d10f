"""How each shop goes, as far as this room knows: what it lacks, and which of its accounts somebody must look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from merchant.clock import now
from merchant.people.models import Membership
from merchant.shops.enums import ConnectionState
from merchant.shops.models import Agreement, CourierAccount, PlatformAccount


@dataclass
class Health:
    """Counts of what is in use. `failing`: accounts that refused or gave no answer when they were last tested, are
    paused, or ended their last pull with an error."""

    staff: int = 0
    couriers: int = 0
    ewaybills: int = 0
    platforms: int = 0
    failing: int = 0
    is_signed: bool = False


_BAD = Q(connection__in=[ConnectionState.REFUSED, ConnectionState.SILENT])


def of_shops(ids: Sequence[int]) -> dict[int, Health]:
    """By shop, in four statements however many there are."""
    found = {pk: Health() for pk in ids}
    for pk in Agreement.objects.filter(shop__in=ids, revoked_at__isnull=True).values_list("shop_id", flat=True):
        found[pk].is_signed = True
    members = Membership.objects.filter(shop__in=ids, is_active=True, user__is_active=True)
    for pk, count in members.values("shop_id").annotate(n=Count("pk")).values_list("shop_id", "n"):
        found[pk].staff = count
    couriers = CourierAccount.objects.filter(shop__in=ids, is_active=True).values("shop_id")
    rows = couriers.annotate(
        n=Count("pk"),
        ewaybills=Count("pk", filter=Q(has_ewaybill=True)),
        bad=Count("pk", filter=_BAD | Q(paused_until__gt=now())),
    )
    for pk, count, ewaybills, bad in rows.values_list("shop_id", "n", "ewaybills", "bad"):
        found[pk].couriers, found[pk].ewaybills = count, ewaybills
        found[pk].failing += bad
    platforms = PlatformAccount.objects.filter(shop__in=ids, is_active=True).values("shop_id")
    pulls = platforms.annotate(n=Count("pk"), bad=Count("pk", filter=_BAD | ~Q(last_error="")))
    for pk, count, bad in pulls.values_list("shop_id", "n", "bad"):
        found[pk].platforms = count
        found[pk].failing += bad
    return found
