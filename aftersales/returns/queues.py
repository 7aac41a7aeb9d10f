"""What waits for the warehouse: a page of each queue, the most urgent first, in a fixed number of statements."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.returns import policies
from aftersales.returns.enums import ReturnKind
from aftersales.returns.models import Inspection, ReturnParcel
from logistics.couriers.base import Kind
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.parcels.enums import Direction, PackageState
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.tracking.coming_back import LISTED_FOR
from merchant.clock import now
from merchant.people.visibility import shops_of

SIZE = 50
# A return the buyer has sent is looked for this long.
SENT_BACK_SINCE = timedelta(days=60)
ON_THE_WAY = (S.SUCCEEDED, S.RETURNING, S.LOST_SUSPECT)


@dataclass(frozen=True)
class Waiting:
    """One line: what to look for, since when, until when. `site` is where it must be fetched."""

    courier: str
    waybill: str
    why: Any
    goods: str
    since: datetime | None
    due_at: datetime | None = None
    site: str = ""
    shop: str = ""
    number: str = ""
    shop_id: int = 0


def coming_home(user: Any) -> list[Waiting]:
    """Stopped parcels on their way to our door, returns the buyers have sent, and what comes back unasked."""
    rows = _stopped(user).exclude(kind=Kind.RETURN_TO_SITE.value)[:SIZE]
    found = [_of_interception(row) for row in rows]
    found += [
        Waiting(
            row.courier,
            row.waybill,
            row.get_state_display() if row.direction != Direction.INBOUND else ReturnKind.BUYER.label,
            row.order.number,
            row.last_event_at or row.labelled_at,
            shop=row.shop.name,
            shop_id=row.shop_id,
        )
        for row in _unasked(user).select_related("order", "shop").order_by("labelled_at", "pk")[:SIZE]
    ]
    expected = ReturnParcel.objects.visible_to(user).expected().select_related("order", "shop", "case")
    found += [
        Waiting(
            row.courier,
            row.waybill,
            row.get_kind_display(),
            row.order.number if row.order else "",
            row.announced_at,
            row.case.due_at if row.case else None,
            shop=row.shop.name,
            shop_id=row.shop_id,
        )
        for row in expected.order_by("announced_at", "pk")[:SIZE]
    ]
    return found[:SIZE]


def _unasked(user: Any) -> QuerySet[Package]:
    """Parcels that turned round by themselves, as their couriers tell, and returns that a platform names; taken in by
    nobody yet."""
    stopped = Interception.objects.filter(package=OuterRef("pk"), state__in=ON_THE_WAY)
    taken_in = ReturnParcel.objects.filter(package=OuterRef("pk"))
    rows = Package.objects.visible_to(user).coming_back(since=now() - LISTED_FOR)
    named = (
        Package.objects.visible_to(user)
        .current()
        .filter(direction=Direction.INBOUND, labelled_at__gte=now() - SENT_BACK_SINCE)
    )
    return (rows | named).exclude(Exists(stopped)).exclude(Exists(taken_in))


def to_fetch(user: Any) -> list[Waiting]:
    """Stopped parcels that end at the courier's collecting site: somebody has to go there; a scan here ends it."""
    rows = list(_stopped(user).filter(kind=Kind.RETURN_TO_SITE.value)[:SIZE])
    sites = _collecting_sites([row.package_id for row in rows])
    return [
        _of_interception(row, site=sites.get(row.package_id) or (row.account.name if row.account else ""))
        for row in rows
    ]


def to_inspect(user: Any) -> list[Inspection]:
    rows = Inspection.objects.visible_to(user).open().select_related("parcel", "order", "shop")
    return list(rows.order_by("due_at", "pk")[:SIZE])


def whose_is_it(user: Any) -> list[ReturnParcel]:
    rows = ReturnParcel.objects.visible_to(user).unmatched().select_related("shop", "received_by")
    return list(rows.order_by("received_at", "pk")[:SIZE])


def on_the_bench(user: Any) -> list[Package]:
    rows: Any = policies.bench_parcels(shops_of(user))
    return list(rows.visible_to(user)[:SIZE])


def just_scanned(user: Any) -> list[ReturnParcel]:
    """The last ten parcels taken in, by anybody."""
    rows = ReturnParcel.objects.visible_to(user).filter(received_at__isnull=False)
    return list(rows.select_related("received_by", "shop", "inspection").order_by("-received_at", "-pk")[:10])


def _stopped(user: Any) -> QuerySet[Interception]:
    rows = Interception.objects.visible_to(user).filter(state__in=ON_THE_WAY)
    return rows.select_related("package", "package__order", "account", "shop").order_by("due_at", "pk")


def _of_interception(row: Interception, *, site: str = "") -> Waiting:
    return Waiting(
        row.courier,
        row.waybill,
        row.get_state_display(),
        row.package.order.number,
        row.settled_at,
        row.due_at,
        site=site,
        shop=row.shop.name,
        number=row.number,
        shop_id=row.shop_id,
    )


def _collecting_sites(packages: list[int]) -> dict[int, str]:
    """Where each of them was collected, by its first scan."""
    rows = TrackingEvent.objects.filter(package_id__in=packages, status=PackageState.PICKED_UP).exclude(site="")
    found: dict[int, str] = {}
    for package, site in rows.order_by("event_at").values_list("package_id", "site"):
        found.setdefault(package, site)
    return found


QUEUES = {
    "coming": _("On the way home"),
    "inspect": _("To inspect"),
    "fetch": _("To fetch"),
    "bench": _("Do not ship"),
    "whose": _("Whose is it?"),
}
