"""Goods from the supplier to the books, by the people who do it: matched, taken in, counted, approved by another."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from merchant.catalog.services import add_sku, set_parts
from merchant.clock import now, today
from merchant.policy import services as policy
from merchant.stock import counting
from merchant.stock.models import Stock
from merchant.stock.purchases import open_purchase
from merchant.stock.services import main_warehouse
from merchant.stock.transfers import send_transfer
from merchant.stock.warehouses import add_warehouse, set_bin_place
from orders.listings import files
from orders.record.listing_models import Listing
from orders.reservation.models import Shortage
from orders.reservation.services import reserve_orders
from tests.browser.test_pages import walk
from tests.merchant.factories import make_user
from tests.orders.test_reservation import order_of, packing_shop, put

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def press(page, verb):
    page.locator(f'form[action$="/{verb}/"] button').last.click()


@pytest.mark.req("R2.2", "R3.26", "R3.27", "R1.21")
def test_goods_are_matched_taken_in_counted_and_approved_by_a_second_person(page, enter, live_server):
    shop = packing_shop(confirm_orders=True)
    people = {role: make_user(role, shop, password="huicang-test-1") for role in ("owner", "warehouse", "finance")}
    cup = add_sku(shop.pk, code="CUP", title="粗陶马克杯", barcodes=["6901"], by=people["owner"])
    order = order_of(shop, ("PLATFORM-CODE", 2))
    reserve_orders(shop.pk, [order.pk])
    assert Shortage.objects.get().lack == "unmatched"

    # The owner says what the listing means, and makes the suggestion a purchase.
    enter(page, people["owner"])
    page.goto(f"{live_server.url}/stock/shortages/")
    expect(page.locator("tbody")).to_contain_text("未匹配商品")
    page.goto(f"{live_server.url}/stock/listings/")
    page.locator("tbody input[name=code]").fill("6901")
    press(page, "match")
    assert Listing.objects.get().sku == cup
    assert Shortage.objects.get().lack == "short"
    page.goto(f"{live_server.url}/stock/replenish/")
    page.locator("a.btn-primary").click()
    expect(page.locator("#id_lines")).to_contain_text("CUP")
    page.locator("#id_lines").fill("CUP\t10\t13.00")
    page.locator("#id_supplier").fill("景德镇")
    page.locator("form.form-settings button").click()
    page.wait_for_url("**/stock/purchases/**")
    address = page.url

    # The warehouse takes it in, and what waited has its goods.
    enter(page, people["warehouse"])
    page.goto(address)
    page.locator('input[name^="came-"]').fill("10")
    press(page, "receive")
    expect(page.locator(".page-head .chip")).to_contain_text("已到齐")
    stock = Stock.objects.get(sku=cup)
    assert (stock.on_hand, stock.reserved, Shortage.objects.count()) == (10, 2, 0)

    # It counts one less than the books, and may not approve that itself.
    page.goto(f"{live_server.url}/stock/papers/new/{shop.pk}/count/")
    page.locator("form.form-settings button").click()
    page.wait_for_url("**/stock/counts/**")
    sheet = page.url
    page.locator('input[name^="count-"]').fill("9")
    press(page, "count")
    press(page, "file")
    expect(page.locator("#no-approve")).to_be_visible()
    stock.refresh_from_db()
    assert stock.on_hand == 10

    # Finance does.
    enter(page, people["finance"])
    page.goto(sheet)
    expect(page.locator("tbody")).to_contain_text("-1")
    press(page, "approve")
    expect(page.locator(".page-head .chip")).to_contain_text("已审批")
    stock.refresh_from_db()
    assert (stock.on_hand, stock.reserved) == (9, 2)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_rooms_of_the_stock_are_fit_to_be_seen(scene, chromium_browser, enter, language):
    shop, people = scene.shop, scene.people
    policy.change(shop, by=None, reason="自己发货", fulfil_here=True)
    cup = put(shop, "CUP", 9, low_at=20, weight_g=320, length_mm=120, is_fragile=True)
    lid = put(shop, "LID", 40)
    pair = add_sku(shop.pk, code="SET", title="粗陶马克杯 带盖套装", by=None)
    set_parts(pair, parts={"CUP": 1, "LID": 1}, by=None)
    add_sku(shop.pk, code="SOON", title="新款茶壶", presale_date=today() + timedelta(days=9), by=None)
    order = order_of(shop, ("SET", 4), ("CUP", 30), ("SOON", 1), ("THEIRS", 2), placed_at=now())
    reserve_orders(shop.pk, [order.pk])
    place = main_warehouse(shop.pk)
    far = add_warehouse(shop.pk, code="YW", name="义乌仓", place="浙江省义乌市", by=None)
    set_bin_place(place, code="A-01", path_order=10, by=None)
    open_sheet = counting.open_stocktake(place, by=people["warehouse"])
    filed = counting.file_adjustment(far, sku=lid, delta=3, reason="找到一箱", by=people["warehouse"])
    transfer = send_transfer(place, far, units=[(lid, 5)], by=people["warehouse"])
    purchase = open_purchase(place, supplier="景德镇", units=[(cup, 60, 1300)], by=people["owner"])
    job = files.start(
        shop, "货.csv", "商家编码,重量(克)\nCUP,重\nLID,80\n".encode(), content="products", by=people["owner"]
    )
    files.work_on(job.pk)
    at = lambda name, *args: reverse(name, args=args)  # noqa: E731
    pages = [
        ("stock", "owner", at("stock")),
        ("sku", "owner", at("sku_detail", shop.pk, cup.pk)),
        ("sku-edit", "owner", at("sku_edit", shop.pk, pair.pk)),
        ("stock-shortages", "owner", at("shortages")),
        ("stock-listings", "owner", at("listings")),
        ("stock-replenish", "owner", at("replenish")),
        ("stock-file", "owner", at("goods_file_new", shop.pk)),
        ("stock-file-read", "owner", at("goods_file", job.number)),
        ("warehouses", "warehouse", at("warehouse_list")),
        ("warehouse-edit", "warehouse", at("warehouse_edit", shop.pk, place.pk)),
        ("stock-counts", "warehouse", at("stock_papers", "counts")),
        ("stock-count", "warehouse", at("stocktake_detail", shop.pk, open_sheet.number)),
        ("stock-count-filed", "finance", at("stocktake_detail", shop.pk, filed.number)),
        ("stock-transfer", "warehouse", at("transfer_detail", shop.pk, transfer.number)),
        ("stock-purchase", "warehouse", at("purchase_detail", shop.pk, purchase.number)),
        ("stock-purchases", "finance", at("stock_papers", "purchases")),
        ("stock-purchase-new", "finance", at("stock_paper_new", shop.pk, "purchase")),
    ]

    assert walk(chromium_browser, enter, scene, language, pages) == []
