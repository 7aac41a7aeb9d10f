"""Stock kept for orders: what they need is reserved when they come, given back when they end, and never sold twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.test.utils import CaptureQueriesContext

from merchant.catalog.models import BundlePart, Sku
from merchant.catalog.services import ensure_sku
from merchant.clock import now, today
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.stock import reserving
from merchant.stock.counts import free_units
from merchant.stock.enums import MoveKind, ReservationState
from merchant.stock.models import Stock, StockMove, StockReservation, Warehouse
from merchant.stock.reserving import Want
from merchant.stock.services import Change, move_stock
from orders.intake.services import upsert_orders
from orders.record.enums import OrderState
from orders.record.listing_models import Listing
from orders.record.models import Order
from orders.record.services import sweep_clocks
from orders.reservation import services
from orders.reservation.enums import Lack
from orders.reservation.models import Shortage
from tests.merchant.factories import make_shop
from tests.orders.factories import order_row

pytestmark = pytest.mark.django_db
CUP, LID = "CUP-BLUE", "LID"


def packing_shop(platform="own", **rules):
    shop = make_shop(platform)
    policy.change(shop, by=None, reason="自己发货", fulfil_here=True, **rules)
    return shop


def put(shop, code, quantity, warehouse=None, **fields):
    sku = ensure_sku(shop.pk, code=code, title="粗陶马克杯")
    Sku.objects.filter(pk=sku.pk).update(**fields)
    move_stock(
        shop.pk,
        [Change(sku, quantity)],
        kind=MoveKind.PURCHASED,
        document=f"PU{StockMove.objects.count()}",
        by=None,
        warehouse=warehouse,
    )
    return sku


def order_of(shop, *wanted, state=OrderState.PENDING_REVIEW, **row):
    """An order with one line for each (code, quantity)."""
    plain = order_row(state=state, nets=(1000,) * len(wanted), is_paid=state != OrderState.PENDING_PAYMENT, **row)
    for line, (code, quantity) in zip(plain.lines, wanted, strict=True):
        line.sku_code, line.item_id, line.title, line.quantity = code, f"item-{code}", f"商品 {code}", quantity
    [outcome] = upsert_orders(shop, [plain])
    assert outcome.outcome == "created", outcome
    return Order.objects.get(shop=shop, number=plain.number)


def counts(sku):
    rows = Stock.objects.filter(sku=sku).order_by("warehouse__priority")
    return [(row.on_hand, row.reserved) for row in rows]


@pytest.mark.req("R2.2", "R1.21")
def test_an_order_s_goods_are_kept_once_and_each_change_names_the_order():
    shop = packing_shop()
    sku = put(shop, CUP, 5)
    order = order_of(shop, (CUP, 2))

    first = services.reserve_orders(shop.pk, [order.pk])
    again = services.reserve_orders(shop.pk, [order.pk])

    assert (first.whole, again.whole, counts(sku)) == ({order.pk}, {order.pk}, [(5, 2)])
    assert free_units(shop.pk, [sku.pk]) == {sku.pk: 3}
    [move] = StockMove.objects.filter(kind=MoveKind.RESERVED)
    assert (move.document, move.on_hand_delta, move.reserved_delta) == (order.number, 0, 2)


def test_a_shop_that_sends_with_another_tool_reserves_nothing():
    shop = make_shop("own")
    sku = put(shop, CUP, 5)
    order = order_of(shop, (CUP, 2))

    assert services.reserve_orders(shop.pk, [order.pk]).whole == set()
    assert services.sweep_reservations() == 0
    assert counts(sku) == [(5, 0)]


def test_a_bundle_is_kept_as_its_parts():
    shop = packing_shop()
    cup, lid = put(shop, CUP, 5), put(shop, LID, 7)
    bundle = ensure_sku(shop.pk, code="SET", title="套装")
    BundlePart.objects.create(shop=shop, bundle=bundle, part=cup, quantity=2)
    BundlePart.objects.create(shop=shop, bundle=bundle, part=lid, quantity=1)
    assert free_units(shop.pk, [bundle.pk]) == {bundle.pk: 2}
    order = order_of(shop, ("SET", 2), (LID, 3))

    assert services.reserve_orders(shop.pk, [order.pk]).shortages == []
    assert (counts(cup), counts(lid), free_units(shop.pk, [bundle.pk])) == ([(5, 4)], [(7, 5)], {bundle.pk: 0})


@pytest.mark.req("R2.2", "R2.3")
def test_what_is_not_there_is_a_shortage_with_its_reason_and_the_rest_is_kept():
    shop = packing_shop()
    cup, lid = put(shop, CUP, 1), put(shop, LID, 9, presale_date=None)
    ensure_sku(shop.pk, code="SOON", title="新款")
    Sku.objects.filter(code="SOON").update(presale_date=today() + timedelta(days=9))
    order = order_of(shop, (CUP, 2), (LID, 3), ("SOON", 1), ("NOBODY-KNOWS", 4))

    services.reserve_orders(shop.pk, [order.pk])

    rows = Shortage.objects.order_by("line_no").values_list("line_no", "missing", "lack")
    assert [*rows] == [(1, 2, Lack.SHORT), (3, 1, Lack.PRESALE), (4, 4, Lack.UNMATCHED)]
    assert (counts(cup), counts(lid)) == ([(1, 0)], [(9, 3)])


def test_goods_that_come_go_to_the_oldest_order_that_lacks_them():
    shop = packing_shop()
    sku = put(shop, CUP, 1)
    older = order_of(shop, (CUP, 2), placed_at=now() - timedelta(hours=2))
    newer = order_of(shop, (CUP, 2), placed_at=now() - timedelta(hours=1))
    services.reserve_orders(shop.pk, [newer.pk, older.pk])
    assert Shortage.objects.count() == 2

    put(shop, CUP, 2)

    assert services.fill_shortages(shop.pk, [sku.pk]) == 1
    assert Shortage.objects.get().order == newer
    assert StockReservation.objects.get().document == older.number


def test_an_order_comes_whole_from_the_first_warehouse_that_has_all_of_it():
    shop = packing_shop()
    near = Warehouse.objects.create(shop=shop, code="near", name="近", priority=1)
    far = Warehouse.objects.create(shop=shop, code="far", name="远", priority=2)
    cup = put(shop, CUP, 5, near)
    put(shop, CUP, 5, far)
    lid = put(shop, LID, 5, far)
    split = put(shop, "SPLIT", 2, near)
    put(shop, "SPLIT", 2, far)
    whole, spread = order_of(shop, (CUP, 1), (LID, 1)), order_of(shop, ("SPLIT", 3))

    services.reserve_orders(shop.pk, [whole.pk, spread.pk])

    assert (counts(cup), counts(lid), counts(split)) == ([(5, 0), (5, 1)], [(5, 1)], [(2, 2), (2, 1)])


def test_a_person_moves_an_order_to_another_warehouse_or_is_told_why_not():
    shop = packing_shop()
    near = Warehouse.objects.create(shop=shop, code="near", name="近", priority=1)
    far = Warehouse.objects.create(shop=shop, code="far", name="远", priority=2)
    cup = put(shop, CUP, 5, near)
    put(shop, CUP, 2, far)
    small, big = order_of(shop, (CUP, 2)), order_of(shop, (CUP, 3))
    services.reserve_orders(shop.pk, [small.pk, big.pk])

    services.move_order(small, warehouse=far, by=None)
    with pytest.raises(Refused) as refused:
        services.move_order(big, warehouse=far, by=None)

    assert (refused.value.code, counts(cup)) == ("STOCK", [(5, 3), (2, 2)])


@pytest.mark.req("R2.8", "R3.25")
def test_an_unpaid_order_gives_its_goods_back_when_t_pay_ends(django_capture_on_commit_callbacks):
    shop = packing_shop()
    sku = put(shop, CUP, 5)
    order = order_of(shop, (CUP, 2), state=OrderState.PENDING_PAYMENT)
    Order.objects.filter(pk=order.pk).update(pay_by_at=now() + timedelta(minutes=30))
    services.reserve_orders(shop.pk, [order.pk])
    assert StockReservation.objects.get().expires_at > now() + timedelta(minutes=29)
    assert counts(sku) == [(5, 2)]

    Order.objects.filter(pk=order.pk).update(pay_by_at=now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_clocks() == 1
    services.settle_orders(shop.pk, [order.pk])

    assert counts(sku) == [(5, 0)]
    assert StockMove.objects.get(kind=MoveKind.RELEASED).document == order.number


def test_goods_of_an_unpaid_order_are_free_after_its_time_even_when_nobody_closed_it():
    shop = packing_shop()
    sku = put(shop, CUP, 5)
    reserving.reserve(shop.pk, [Want("O1", 1, sku.pk, 2, now() - timedelta(seconds=1))])

    assert (reserving.release_expired(), reserving.release_expired(), counts(sku)) == (1, 0, [(5, 0)])


def test_payment_ends_the_time_and_keeps_the_goods():
    shop = packing_shop()
    sku = put(shop, CUP, 5)
    reserving.reserve(shop.pk, [Want("O1", 1, sku.pk, 2, now() - timedelta(seconds=1))])

    reserving.reserve(shop.pk, [Want("O1", 1, sku.pk, 2)])

    assert (reserving.release_expired(), counts(sku), StockReservation.objects.get().expires_at) == (0, [(5, 2)], None)


@pytest.mark.req("R3.25")
def test_a_closed_order_gives_back_and_a_sent_one_takes_out():
    shop = packing_shop()
    sku = put(shop, CUP, 9)
    closed, sent = order_of(shop, (CUP, 2)), order_of(shop, (CUP, 3))
    services.reserve_orders(shop.pk, [closed.pk, sent.pk])
    Order.objects.filter(pk=closed.pk).update(state=OrderState.CLOSED)
    Order.objects.filter(pk=sent.pk).update(state=OrderState.SHIPPED)

    assert services.sweep_reservations() == 2
    assert services.sweep_reservations() == 0

    assert counts(sku) == [(6, 0)]
    assert StockMove.objects.get(kind=MoveKind.SHIPPED).on_hand_delta == -3


def test_a_box_takes_its_pieces_once_and_the_rest_stays_kept():
    shop = packing_shop()
    sku = put(shop, CUP, 9)
    reserving.reserve(shop.pk, [Want("O1", 1, sku.pk, 5)])

    for _twice in range(2):
        reserving.take_out(shop.pk, "O1", paper="FH1", pieces={(1, sku.pk): 2}, by=None)
    assert counts(sku) == [(7, 3)]
    with pytest.raises(Refused) as refused:
        reserving.take_out(shop.pk, "O1", paper="FH2", pieces={(1, sku.pk): 4}, by=None)
    assert (refused.value.code, refused.value.detail["held"], counts(sku)) == ("STOCK_NOT_RESERVED", 3, [(7, 3)])
    # What left counts as given: the same wish keeps no more than the rest.
    assert reserving.reserve(shop.pk, [Want("O1", 1, sku.pk, 5)]) == []
    reserving.take_out(shop.pk, "O1", paper="FH2", by=None)

    assert counts(sku) == [(4, 0)]
    sums = StockMove.objects.aggregate(on_hand=Sum("on_hand_delta"), reserved=Sum("reserved_delta"))
    assert sums == {"on_hand": 4, "reserved": 0}


def test_an_edited_order_keeps_what_it_wants_now():
    shop = packing_shop()
    cup, lid = put(shop, CUP, 9), put(shop, LID, 9)
    reserving.reserve(shop.pk, [Want("O1", 1, cup.pk, 5), Want("O1", 2, lid.pk, 1)])

    reserving.reserve(shop.pk, [Want("O1", 1, cup.pk, 6)])

    assert (counts(cup), counts(lid)) == ([(9, 6)], [(9, 0)])
    held = StockReservation.objects.filter(state=ReservationState.HELD)
    assert [*held.values_list("line_no", "quantity")] == [(1, 6)]


def test_a_listing_finds_its_product_by_the_merchant_code_when_an_order_needs_it():
    shop = packing_shop()
    order = order_of(shop, (CUP, 1))
    services.reserve_orders(shop.pk, [order.pk])
    assert Shortage.objects.get().lack == Lack.UNMATCHED

    sku = put(shop, CUP, 1)
    services.fill_shortages(shop.pk)

    assert (Listing.objects.get(sku_code=CUP).sku, Shortage.objects.count(), counts(sku)) == (sku, 0, [(1, 1)])


@pytest.mark.req("R2.2")
@pytest.mark.django_db(transaction=True)
def test_two_hundred_orders_at_once_never_sell_the_same_unit():
    shop = packing_shop()
    cup, lid = put(shop, CUP, 150), put(shop, LID, 120)

    def buy(number):
        pair = [Want(f"O{number}", 1, cup.pk, 1), Want(f"O{number}", 2, lid.pk, 1)]
        # Half of them name their goods the other way round: nobody waits crosswise.
        return len(reserving.reserve(shop.pk, pair if number % 2 else pair[::-1]))

    # Two hundred orders come in the same moment; as many at once as a small database has connections.
    gate, connections = threading.Barrier(200), threading.BoundedSemaphore(20)

    def come(number):
        gate.wait(60)
        with connections:
            try:
                return buy(number)
            finally:
                connection.close()

    with ThreadPoolExecutor(200) as buyers:
        lacks = list(buyers.map(come, range(200)))

    assert (lacks.count(0) + lacks.count(1) + lacks.count(2), sum(lacks)) == (200, 50 + 80)
    assert (counts(cup), counts(lid)) == ([(150, 150)], [(120, 120)])
    held = StockReservation.objects.values("stock__sku").annotate(units=Sum("quantity")).order_by("-units")
    assert [row["units"] for row in held] == [150, 120]
    assert not Stock.objects.filter(reserved__gt=F("on_hand")).exists()


def test_many_orders_are_kept_in_few_statements():
    shop = packing_shop()
    put(shop, CUP, 150)
    ids = [order_of(shop, (CUP, 1)).pk for _each in range(60)]

    services.reserve_orders(shop.pk, ids[:1])  # the listing is matched once

    with CaptureQueriesContext(connection) as ten:
        services.reserve_orders(shop.pk, ids[1:11])
    with CaptureQueriesContext(connection) as fifty:
        services.reserve_orders(shop.pk, ids[10:])

    assert (len(ten), len(fifty)) == (14, 14)
