"""What listings mean, files of goods, and what to order."""

import csv

import pytest
from django.urls import reverse

from merchant.catalog.models import Sku
from merchant.catalog.services import add_sku, set_parts
from merchant.clock import now
from merchant.jobs.models import Job
from merchant.refusals import Refused
from merchant.stock.counting import approve_stocktake
from merchant.stock.models import Stock, StockMove
from merchant.stock.paper_models import Stocktake
from merchant.stock.purchases import open_purchase
from merchant.stock.services import main_warehouse
from orders.listings import files, lists, services
from orders.record.enums import OrderState
from orders.record.listing_models import Listing
from orders.record.models import Order
from orders.reservation.services import reserve_orders
from tests.merchant.factories import make_shop, make_user
from tests.orders.test_reservation import order_of, packing_shop, put

pytestmark = pytest.mark.django_db


def upload(shop, by, content, *rows):
    text = "\n".join(",".join(map(str, row)) for row in rows)
    job = files.start(shop, "货.csv", text.encode(), content=content, by=by)
    files.work_on(job.pk)
    job.refresh_from_db()
    return job


def refused(job):
    return [*job.rows.filter(outcome="refused").order_by("row_no").values_list("row_no", "reason")]


@pytest.mark.req("R1.21")
def test_a_file_of_products_adds_and_changes_and_refuses_rows_by_number_column_and_reason():
    shop = make_shop("own")
    owner = make_user("owner", shop)
    add_sku(shop.pk, code="CUP", title="杯", weight_g=300, by=owner)

    job = upload(
        shop,
        owner,
        "products",
        ("商家编码", "商品名称", "条码", "重量(克)", "最低售价", "最高售价", "预售发货日"),
        ("CUP", "", "6901 6902", "", "12.50", "", ""),
        ("LID", "杯盖", "6903", "80", "", "", "2026-12-05"),
        ("BAD", "坏", "", "很重", "", "", ""),
        ("", "无码", "", "", "", "", ""),
        ("TWICE", "重码", "6901", "", "", "", ""),
        ("ODD", "价反", "", "", "20", "10", ""),
    )

    cup, lid = Sku.objects.get(code="CUP"), Sku.objects.get(code="LID")
    assert (cup.title, cup.weight_g, cup.floor_fen, lid.weight_g, str(lid.presale_date)) == (
        "杯", 300, 1250, 80, "2026-12-05",
    )  # fmt: skip
    assert sorted(cup.barcodes.values_list("code", flat=True)) == ["6901", "6902"]
    assert (job.state, job.done, job.refused, Sku.objects.count()) == ("done", 2, 4, 2)
    assert refused(job) == [
        (4, "重量(克)：“很重”不是整数。"),
        (5, "商家编码：没有填"),
        (6, "6901 已用在 CUP 上，一个条码只能对应一个商品。"),
        (7, "最低售价高于最高售价。"),
    ]


@pytest.mark.req("R3.26")
def test_a_file_of_stock_becomes_a_count_and_moves_nothing_before_somebody_else_approves():
    shop = make_shop("own")
    packer = make_user("warehouse", shop)
    cup = put(shop, "CUP", 5)
    add_sku(shop.pk, code="LID", title="盖", by=None)

    job = upload(
        shop,
        packer,
        "stock",
        ("商家编码", "仓库编码", "货位", "数量"),
        ("CUP", "", "A-01", 3),
        ("LID", "main", "A-02", 7),
        ("NOBODY", "", "", 1),
        ("CUP", "moon", "", 1),
        ("CUP", "", "", 4),
        ("LID", "", "", "三"),
    )

    assert refused(job) == [
        (4, "商家编码：没有商品 NOBODY。"),
        (5, "仓库编码：没有仓库 moon。"),
        (6, "商家编码：在文件里出现两次"),
        (7, "数量：“三”不是整数。"),
    ]
    paper = Stocktake.objects.get(number=job.figures["stocktakes"][0])
    assert (paper.state, Stock.objects.get(sku=cup).on_hand, Stock.objects.get(sku=cup).bin) == ("filed", 5, "A-01")
    approve_stocktake(paper, by=make_user("finance", shop))
    assert [*Stock.objects.order_by("sku__code").values_list("sku__code", "on_hand")] == [("CUP", 3), ("LID", 7)]
    assert StockMove.objects.filter(document=paper.number).count() == 2


def test_matches_by_file_and_a_file_without_its_columns():
    shop = packing_shop()
    owner = make_user("owner", shop)
    put(shop, "CUP", 5)
    order = order_of(shop, ("THEIRS", 1))
    reserve_orders(shop.pk, [order.pk])

    wrong = upload(shop, owner, "matches", ("甲", "乙"), ("1", "2"))
    job = upload(
        shop,
        owner,
        "matches",
        ("平台商品编号", "商家编码"),
        ("item-THEIRS", "CUP"),
        ("item-X", "CUP"),
        ("item-THEIRS", "Y"),
    )

    assert (wrong.state, wrong.error) == ("failed", "文件里没有这些列：平台商品编号、商家编码。")
    assert Listing.objects.get().sku.code == "CUP"
    assert refused(job) == [(3, "平台商品编号：本店的订单和商品里没有 item-X。"), (4, "商家编码：没有商品 Y。")]


def test_what_is_exported_is_read_back():
    shop = make_shop("own")
    owner = make_user("owner", shop)
    put(shop, "CUP", 5, weight_g=300, floor_fen=1250)

    text = "".join(files.export(shop.pk))
    rows = list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))

    assert [(row["商家编码"], row["重量(克)"], row["最低售价"], row["数量"]) for row in rows] == [
        ("CUP", "300", "12.50", "5")
    ]
    job = files.start(shop, "回.csv", text.encode(), content="products", by=owner)
    files.work_on(job.pk)
    assert [*Job.objects.values_list("done", "refused")] == [(1, 0)]


@pytest.mark.req("R2.2")
def test_a_listing_matched_by_hand_gives_the_waiting_order_its_goods(django_capture_on_commit_callbacks):
    shop = packing_shop()
    packer = make_user("warehouse", shop)
    sku = put(shop, "CUP", 5)
    order = order_of(shop, ("THEIRS", 2))
    reserve_orders(shop.pk, [order.pk])
    listing = Listing.objects.get()
    rows, _more = lists.listings(packer, which="unmatched", find="", after=None)
    assert [(row["listing"], row["waiting"]) for row in rows] == [(listing, 1)]

    with pytest.raises(Refused) as no:
        services.match_listing(listing, sku=sku, by=make_user("agent", shop))
    with django_capture_on_commit_callbacks(execute=True):
        services.match_listing(listing, sku=sku, by=packer)
    reserve_orders(shop.pk, [order.pk])

    assert (no.value.code, Stock.objects.get(sku=sku).reserved, order.shortages.count()) == ("RIGHT", 2, 0)


def test_listings_are_matched_by_the_merchant_code_in_one_go():
    shop = make_shop("own")
    order_of(shop, ("CUP", 1), ("LID", 1), ("NONE", 1), state=OrderState.SHIPPED)
    for code in ("CUP", "LID"):
        add_sku(shop.pk, code=code, title=code, by=None)

    assert services.match_listings_by_code(shop.pk, by=None) == 2
    assert [*Listing.objects.filter(sku=None).values_list("sku_code", flat=True)] == ["NONE"]


@pytest.mark.req("R3.27")
def test_what_to_order_follows_sales_and_falls_when_orders_are_cancelled():
    shop = packing_shop(stock_sales_days=10, stock_lead_days=5)
    cup = put(shop, "CUP", 20)
    pair = add_sku(shop.pk, code="PAIR", title="一对", by=None)
    set_parts(pair, parts={"CUP": 2}, by=None)
    for _each in range(6):
        order_of(shop, ("CUP", 10), placed_at=now())
    cancelled = order_of(shop, ("PAIR", 20), placed_at=now())
    services.match_listings_by_code(shop.pk, by=None)
    open_purchase(main_warehouse(shop.pk), supplier="甲", units=[(cup, 7, None)], by=None)

    [row], days, lead = lists.suggestions(shop.pk)
    # 60 + 20 × 2 were ordered in ten days: 100 ÷ 10 × 5 = 50 are needed, 20 are free, 7 come.
    assert (row.sku, row.sold, row.needed, row.free, row.coming, row.units, days, lead) == (
        cup, 100, 50, 20, 7, 23, 10, 5,
    )  # fmt: skip

    Order.objects.filter(pk=cancelled.pk).update(state=OrderState.CLOSED)
    [row], _days, _lead = lists.suggestions(shop.pk)
    assert (row.sold, row.needed, row.units) == (60, 30, 3)


def test_the_pages_of_the_stock_say_what_there_is(client):
    shop = packing_shop()
    owner = make_user("owner", shop)
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    put(shop, "CUP", 3, low_at=5)
    put(shop, "MANY", 90, low_at=5)
    order = order_of(shop, ("CUP", 2), ("GONE", 1))
    reserve_orders(shop.pk, [order.pk])

    low = client.get(f"{reverse('stock')}?list=low").content.decode()
    lacking = client.get(reverse("shortages")).content.decode()
    order_page = client.get(reverse("replenish")).content.decode()

    assert ("CUP" in low, "MANY" in low, "低库存" in low) == (True, False, True)
    assert (order.number in lacking, "未匹配商品" in lacking) == (True, True)
    assert "CUP" in order_page
