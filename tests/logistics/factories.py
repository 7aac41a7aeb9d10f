"""Parcels and interceptions for tests, walked there through the real services."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from logistics.couriers.base import Event
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState, WaybillSource
from logistics.parcels.models import Package
from logistics.shipping.services import register_package
from logistics.tracking.services import record_events
from merchant.clock import now
from merchant.shops.models import CourierAccount, Shop
from tests.merchant.factories import make_courier_account, make_shop
from tests.orders.factories import make_order

P = PackageState
_count = itertools.count(1)
YTO_CREDENTIALS = {
    method: {"client_code": "demo-client", "secret": "demo-secret", "url_key": "demo"}
    for method in ("track_query_adapter", "wanted_report_adapter", "wanted_cancel_adapter", "subscribe_adapter")
}
SECRETS = {
    "zto": {"app_key": "demo-app", "app_secret": "demo-secret"},
    "yto": {"push": {"client_id": "demo-client", "secret": "demo-secret"}, **YTO_CREDENTIALS},
    "sto": {"app_key": "demo-app", "secret_key": "demo-secret"},
    "jt": {"api_account": "demo-app", "private_key": "demo-secret"},
    "sf": {"partner_id": "demo-app", "check_word": "demo-secret", "monthly_card": "7550000000"},
    "kuaidi100": {"key": "demo-key", "customer": "demo-customer", "secret": "demo-secret", "salt": "demo-salt"},
}
# A way of asking: its parcels are this courier's.
THROUGH = {"kuaidi100": "zto"}


def new_waybill(courier: str) -> str:
    shapes = {"yto": "YT{:013d}", "sto": "777{:012d}", "jt": "JT{:013d}", "sf": "SF{:013d}"}
    return shapes.get(courier, "7310{:010d}").format(next(_count))


def account_of(shop: Shop, code: str) -> CourierAccount:
    """The shop's account with this courier, or through this way."""
    courier, via = THROUGH.get(code, code), code if code in THROUGH else ""
    known = CourierAccount.objects.filter(shop=shop, courier=courier, via=via).first()
    return known or make_courier_account(shop, courier, via=via, secrets=SECRETS.get(code, {}))


def scan(
    status: str, at: datetime | None = None, *, city: str = "", site: str = "", code: str = "", **more: Any
) -> Event:
    """A courier's scan, one second ago unless told when."""
    at = at or now() - timedelta(seconds=1)
    return Event(event_at=at, status=status, raw_code=code or status, city=city, site=site, scan=status, **more)


def make_package(
    courier: str = "zto",
    *,
    state: str = P.IN_TRANSIT,
    shop: Shop | None = None,
    is_checked: bool = True,
    order: Any = None,
    **more: Any,
) -> Package:
    """A parcel from 上海 to 杭州 whose scans have brought it to `state`, its track read just now. `courier` may be a way
    of asking one."""
    shop = shop or (order.shop if order is not None else make_shop())
    account = account_of(shop, courier)
    courier = account.courier
    order = order or make_order(shop)
    package = register_package(
        order,
        courier=courier,
        waybill=more.pop("waybill", None) or new_waybill(courier),
        account=account,
        waybill_source=WaybillSource.PLATFORM_EWAYBILL,
        shipped_at=now() - timedelta(days=1),
        sender_city="上海市",
        **more,
    )
    events = (
        [] if state == P.LABELLED else [scan(P.PICKED_UP, now() - timedelta(hours=20), city="上海市", site="上海闵行")]
    )
    if state not in (P.LABELLED, P.PICKED_UP):
        events.append(scan(state, now() - timedelta(hours=2), city="杭州市", site="杭州余杭"))
    record_events({package.pk: events}, checked_at=now() if is_checked else None)
    package.refresh_from_db()
    return package


def submitted(package: Package | None = None, *, by: Any = None, **more: Any) -> Interception:
    """An interception whose request waits to be sent."""
    return interceptions.submit_interception(package or make_package(), by=by, checks=[], **more)


def running(package: Package | None = None, **more: Any) -> Interception:
    """An interception that the courier has registered."""
    return interceptions.accept_interception(submitted(package, **more), external_ref="WO-1")
