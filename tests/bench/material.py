"""Rows for the figures, made in bulk."""

from django.utils import timezone

from logistics.models import Package
from merchant.shops.models import CourierAccount
from orders.models import Order
from tests.merchant.factories import make_courier_account, make_shop


def zto_parcels(count: int) -> tuple[CourierAccount, list[str]]:
    """A signed shop's ZTO account and the waybills of `count` parcels on the road."""
    shop = make_shop()
    account = make_courier_account(shop)
    at = timezone.now()
    orders = Order.objects.bulk_create([Order(shop=shop, number=f"B{n:012d}", placed_at=at) for n in range(count)])
    packages = Package.objects.bulk_create(
        [
            Package(shop=shop, order=order, account=account, courier="zto", waybill=f"7380{n:010d}", labelled_at=at)
            for n, order in enumerate(orders)
        ]
    )
    return account, [package.waybill for package in packages]
