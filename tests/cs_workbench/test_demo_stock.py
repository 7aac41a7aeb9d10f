"""What lies on the demo's shelves."""

from types import SimpleNamespace

import pytest

from cs_workbench.demo.stock import make_stock
from merchant.people.rights import ROLES
from merchant.stock.models import Bin, Stock
from merchant.stock.paper_models import Purchase, Stocktake
from orders.record.listing_models import Listing
from tests.merchant.factories import make_shop, make_user
from tests.orders.test_reservation import order_of

pytestmark = pytest.mark.django_db


def test_the_demo_has_goods_in_bins_a_purchase_on_its_way_and_a_count_that_waits():
    shop = make_shop()
    people = {role: make_user(role, shop) for role in ROLES}
    order_of(shop, *((f"GOOD-{number}", 1) for number in range(14)))

    make_stock(SimpleNamespace(kuaishou=shop, people=people))

    assert (Stock.objects.count(), Bin.objects.count(), Listing.objects.filter(sku=None).count()) == (12, 12, 2)
    assert sorted(Purchase.objects.values_list("state", flat=True)) == ["expected", "received"]
    sheet = Stocktake.objects.get()
    assert (sheet.state, [line.difference for line in sheet.lines.order_by("pk")]) == ("filed", [-1, -1, 0, 0])
