"""The papers behind the stock: products and bundles, counts that a second person approves, transfers, purchases."""

import pytest
from django.db import IntegrityError, transaction

from merchant.catalog import services as catalog
from merchant.catalog.models import Sku
from merchant.refusals import Refused
from merchant.stock import counting, purchases, reserving, transfers, warehouses
from merchant.stock.enums import MoveKind
from merchant.stock.models import Stock, StockMove, StockReservation
from merchant.stock.paper_models import Stocktake
from merchant.stock.reserving import Want
from merchant.stock.services import Change, main_warehouse, move_stock, set_bin
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_shop("own")


@pytest.fixture
def packer(shop):
    return make_user("warehouse", shop)


@pytest.fixture
def owner(shop):
    return make_user("owner", shop)


def put(shop, code, quantity, document="PU0", warehouse=None):
    sku = catalog.ensure_sku(shop.pk, code=code, title=f"商品 {code}")
    change = [Change(sku, quantity)]
    move_stock(shop.pk, change, kind=MoveKind.PURCHASED, document=document, by=None, warehouse=warehouse)
    return sku


def refusal(call, *args, **named):
    with pytest.raises(Refused) as refused:
        call(*args, **named)
    return refused.value.code


def on_hand(sku, warehouse=None):
    rows = Stock.objects.filter(sku=sku)
    rows = rows if warehouse is None else rows.filter(warehouse=warehouse)
    return sum(rows.values_list("on_hand", flat=True))


def test_a_product_has_several_barcodes_and_a_scan_means_one_product(shop, owner):
    cup = catalog.add_sku(shop.pk, code="CUP", title="杯", barcodes=["6901", "6902"], weight_g=320, by=owner)
    lid = catalog.add_sku(shop.pk, code="LID", title="盖", by=owner)

    assert catalog.sku_of_scan(shop.pk, " 6902 ") == catalog.sku_of_scan(shop.pk, "CUP") == cup
    assert refusal(catalog.change_sku, lid, barcodes=["6901"], by=owner) == "BARCODE"
    assert refusal(catalog.add_sku, shop.pk, code="CUP", title="另一个", by=owner) == "SKU"
    assert refusal(catalog.change_sku, lid, floor_fen=200, ceiling_fen=100, by=owner) == "SKU"
    assert refusal(catalog.change_sku, lid, floor_fen=-1, by=owner) == "SKU"
    assert refusal(catalog.change_sku, lid, title="新", by=make_user("agent", shop)) == "RIGHT"
    assert (catalog.sku_of_scan(shop.pk, "6901"), lid.barcodes.count()) == (cup, 0)


def test_a_bundle_is_made_of_plain_products_that_lie_on_shelves(shop, owner):
    cup, lid = put(shop, "CUP", 1), put(shop, "LID", 1, "PU1")
    pair = catalog.add_sku(shop.pk, code="SET", title="套装", by=owner)

    catalog.set_parts(pair, parts={"CUP": 2, "LID": 1}, by=owner)

    assert [*pair.parts.order_by("part__code").values_list("part__code", "quantity")] == [("CUP", 2), ("LID", 1)]
    assert refusal(catalog.set_parts, cup, parts={"LID": 1}, by=owner) == "BUNDLE"
    big = catalog.add_sku(shop.pk, code="BIG", title="大套装", by=owner)
    for parts in ({"SET": 1}, {"BIG": 1}, {"NOBODY": 1}, {"LID": 0}):
        assert refusal(catalog.set_parts, big, parts=parts, by=owner) == "BUNDLE"
    assert (big.parts.count(), lid.in_bundles.count()) == (0, 1)


@pytest.mark.req("R3.26")
def test_a_count_is_booked_when_somebody_who_counted_none_of_it_approves(shop, packer, owner):
    cup, lid = put(shop, "CUP", 5), put(shop, "LID", 5, "PU1")
    place = main_warehouse(shop.pk)
    for sku, name in ((cup, "B-2"), (lid, "A-1")):
        set_bin(Stock.objects.get(sku=sku), name=name, by=None)
    warehouses.set_bin_place(place, code="B-2", path_order=1, by=packer)
    warehouses.set_bin_place(place, code="A-1", path_order=2, by=packer)

    sheet = counting.open_stocktake(place, by=packer)
    walk = counting.sheet_of(sheet)
    assert [line.stock.sku.code for line in walk] == ["CUP", "LID"]
    assert refusal(counting.file_stocktake, sheet, by=packer) == "STOCKTAKE"
    # Two are sold between the count of one and the filing: no difference.
    counting.count_lines(sheet, counted={walk[0].pk: 4, walk[1].pk: 5}, by=packer)
    move_stock(shop.pk, [Change(cup, -2)], kind=MoveKind.NOT_SENT, document="X", by=None)
    sheet = counting.file_stocktake(sheet, by=packer)

    assert refusal(counting.approve_stocktake, sheet, by=packer) == "RIGHT"
    counting_owner = make_user("owner", shop)
    sheet.lines.filter(pk=walk[1].pk).update(counted_by=counting_owner)
    assert refusal(counting.approve_stocktake, sheet, by=counting_owner) == "SECOND_PERSON"
    assert (on_hand(cup), on_hand(lid)) == (3, 5)

    counting.approve_stocktake(sheet, by=owner)

    assert (on_hand(cup), on_hand(lid)) == (2, 5)
    move = StockMove.objects.get(kind=MoveKind.COUNTED)
    assert (move.document, move.on_hand_delta, move.by) == (sheet.number, -1, owner)
    assert refusal(counting.approve_stocktake, sheet, by=owner) == "STOCKTAKE"


def test_the_database_keeps_the_counter_from_approving(shop, packer):
    put(shop, "CUP", 5)
    sheet = counting.open_stocktake(main_warehouse(shop.pk), by=packer)

    with pytest.raises(IntegrityError), transaction.atomic():
        Stocktake.objects.filter(pk=sheet.pk).update(state="approved", filed_by=packer, ruled_by=packer)


def test_what_one_sheet_counts_no_other_sheet_counts(shop, packer):
    cup = put(shop, "CUP", 5)
    place = main_warehouse(shop.pk)
    sheet = counting.open_stocktake(place, by=packer)

    assert refusal(counting.open_stocktake, place, by=packer) == "STOCKTAKE"
    assert refusal(counting.file_adjustment, place, sku=cup, delta=-1, reason="摔碎", by=packer) == "STOCKTAKE"
    counting.discard_stocktake(sheet, by=packer, reason="开错了")
    counting.open_stocktake(place, by=packer)


@pytest.mark.req("R1.21")
def test_an_adjustment_names_its_reason_and_waits_for_a_second_person(shop, packer, owner):
    cup = put(shop, "CUP", 5)
    place = main_warehouse(shop.pk)

    assert refusal(counting.file_adjustment, place, sku=cup, delta=-1, reason=" ", by=packer) == "REASON"
    assert refusal(counting.file_adjustment, place, sku=cup, delta=-6, reason="摔碎", by=packer) == "STOCK"
    paper = counting.file_adjustment(place, sku=cup, delta=-1, reason="摔碎", by=packer)
    assert on_hand(cup) == 5
    counting.approve_stocktake(paper, by=owner)

    assert (on_hand(cup), StockMove.objects.get(kind=MoveKind.ADJUSTED).document) == (4, paper.number)


@pytest.mark.req("R3.26")
def test_when_fewer_lie_there_than_are_reserved_the_last_orders_get_none(shop, packer, owner):
    cup = put(shop, "CUP", 5)
    for number in ("O1", "O2", "O3"):
        reserving.reserve(shop.pk, [Want(number, 1, cup.pk, 1)])
    sheet = counting.open_stocktake(main_warehouse(shop.pk), by=packer)
    counting.count_lines(sheet, counted={sheet.lines.get().pk: 1}, by=packer)
    counting.file_stocktake(sheet, by=packer)

    counting.approve_stocktake(sheet, by=owner)

    stock = Stock.objects.get(sku=cup)
    assert (stock.on_hand, stock.reserved, StockReservation.objects.held().get().document) == (1, 1, "O1")


@pytest.mark.req("R1.21")
def test_a_transfer_leaves_one_warehouse_and_arrives_in_the_other_with_its_difference(shop, packer, owner):
    near = main_warehouse(shop.pk)
    far = warehouses.add_warehouse(shop.pk, code="far", name="义乌仓", place="浙江省义乌市", by=owner)
    assert (far.province, far.city) == ("浙江省", "金华市")
    cup = put(shop, "CUP", 5)
    reserving.reserve(shop.pk, [Want("O1", 1, cup.pk, 2)])

    assert refusal(transfers.send_transfer, near, far, units=[(cup, 4)], by=packer) == "STOCK"
    assert refusal(transfers.send_transfer, near, near, units=[(cup, 1)], by=packer) == "WAREHOUSE"
    paper = transfers.send_transfer(near, far, units=[(cup, 3)], by=packer)
    assert (on_hand(cup, near), on_hand(cup, far)) == (2, 0)
    line = paper.lines.get()
    assert refusal(transfers.receive_transfer, paper, received={line.pk: 2}, by=packer) == "NOTE"
    paper = transfers.receive_transfer(paper, received={line.pk: 2}, by=packer, note="路上碎了一个")

    assert (on_hand(cup, near), on_hand(cup, far), paper.lines.get().missing) == (2, 2, 1)
    assert refusal(transfers.receive_transfer, paper, received={line.pk: 2}, by=packer) == "TRANSFER"
    assert refusal(warehouses.change_warehouse, near, is_active=False, by=owner) == "WAREHOUSE"


@pytest.mark.req("R1.21")
def test_a_purchase_comes_in_two_deliveries_and_its_cost_is_averaged(shop, packer, owner):
    cup = put(shop, "CUP", 10)
    catalog.set_cost(cup, cost_fen=1000, by=owner)
    place = main_warehouse(shop.pk)
    assert refusal(purchases.open_purchase, place, supplier="景德镇", units=[(cup, 9, 1)], by=packer) == "RIGHT"
    paper = purchases.open_purchase(place, supplier="景德镇", units=[(cup, 20, 1300)], by=owner)
    line = paper.lines.get()
    assert purchases.incoming(shop.pk) == {cup.pk: 20}

    paper = purchases.receive_purchase(paper, came={line.pk: 10}, seen=0, by=packer)
    assert refusal(purchases.receive_purchase, paper, came={line.pk: 10}, seen=0, by=packer) == "SEEN"
    assert (on_hand(cup), Sku.objects.get(pk=cup.pk).cost_fen, purchases.incoming(shop.pk)) == (20, 1150, {cup.pk: 10})
    paper = purchases.receive_purchase(paper, came={line.pk: 10}, seen=1, by=packer)

    assert (on_hand(cup), paper.state, Sku.objects.get(pk=cup.pk).cost_fen) == (30, "received", 1200)
    assert refusal(purchases.receive_purchase, paper, came={line.pk: 1}, seen=2, by=packer) == "PURCHASE"


def test_the_rest_of_a_purchase_that_does_not_come_is_no_longer_expected(shop, owner):
    cup = put(shop, "CUP", 1)
    paper = purchases.open_purchase(main_warehouse(shop.pk), supplier="景德镇", units=[(cup, 5, None)], by=owner)

    assert refusal(purchases.end_purchase, paper, note="", by=owner) == "NOTE"
    paper = purchases.end_purchase(paper, note="停产", by=owner)

    assert (paper.state, purchases.incoming(shop.pk)) == ("ended", {})
