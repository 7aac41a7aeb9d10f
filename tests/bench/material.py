"""Rows for the figures, made in bulk."""

from django.db import connection
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


def watched_parcels(
    count: int, *, account: CourierAccount | None = None, start: int = 0, is_due: bool = True
) -> tuple[CourierAccount, list[str]]:
    """`count` parcels of one ZTO account on the watch list, due or not for hours, and their waybills.

    Nobody subscribes to them again: every question is one call.
    """
    if account is None:
        account = make_courier_account(make_shop(), rate_per_second=0)
    order = Order.objects.filter(shop_id=account.shop_id).first() or Order.objects.create(
        shop_id=account.shop_id, number="B0", placed_at=timezone.now()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO logistics_package (shop_id, order_id, account_id, courier, waybill, labelled_at, sender_city,"
            " receiver_city) SELECT %s, %s, %s, 'zto', '7380' || lpad(n::text, 10, '0'), now() - interval '12 days',"
            " '上海市', '北京市' FROM generate_series(%s, %s) n",
            [account.shop_id, order.pk, account.pk, start, start + count - 1],
        )
        cursor.execute(
            "INSERT INTO logistics_watch (package_id, account_id, next_at, since_at, subscribed_at)"
            " SELECT id, account_id, CASE WHEN %s THEN now() ELSE now() + interval '2 hours' + (id %% 7200) * interval"
            " '1 s' END, now(), now() FROM logistics_package p"
            " WHERE NOT EXISTS (SELECT FROM logistics_watch w WHERE w.package_id = p.id)",
            [is_due],
        )
        cursor.execute("VACUUM ANALYZE logistics_package, logistics_watch")
    return account, [f"7380{number:010d}" for number in range(start, start + count)]
