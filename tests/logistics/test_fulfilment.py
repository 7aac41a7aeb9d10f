"""From a paid order to a box that left: allocation, picking, re-check, packing, shipping, and what stops each."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from logistics.fulfilment import allocating, boxes, following, scanning, services, waves
from logistics.fulfilment.choosing import Chooser
from logistics.fulfilment.models import Consignment, ConsignmentLine
from logistics.fulfilment.reasons import sentences
from logistics.fulfilment.rule_models import CourierRate, CourierRule, CourierSpeed, GiftRule
from logistics.parcels.models import Package
from merchant.clock import now
from merchant.people.models import User
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.stock.enums import MoveKind
from merchant.stock.models import Stock, StockMove, Warehouse
from merchant.trail.models import Activity
from merchant.vault.services import Person
from orders.record import services as orders
from orders.record.enums import BlockKind, Stop
from orders.record.models import Order, OrderLine
from tests.logistics.boxes import CHECKS, again, allocate, box_of, checked, packed, paid_order, put_in
from tests.logistics.factories import make_package, new_waybill
from tests.merchant.factories import make_courier_account, make_shop, make_user

pytestmark = pytest.mark.django_db
ELSEWHERE = Person(
    name="周远", phone="13700008888", address="广东省广州市天河区体育西路 2 号", province="广东省", city="广州市"
)


@pytest.fixture(autouse=True)
def in_chinese() -> Any:
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def shop() -> Any:
    return make_shop()


@pytest.fixture
def packer(shop: Any) -> User:
    return make_user("warehouse", shop)


def refusal(call: Any, *args: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as found:
        call(*args, **named)
    return found.value


def codes(call: Any, *args: Any, **named: Any) -> str:
    return refusal(call, *args, **named).code


def state(order: Order) -> str:
    return Order.objects.values_list("state", flat=True).get(pk=order.pk)


def contents(box: Consignment) -> dict[str, int]:
    rows = ConsignmentLine.objects.filter(consignment=box, struck_at=None)
    return dict(rows.values_list("sku__code", "quantity"))


def on_hand(shop: Any) -> dict[tuple[str, str], int]:
    rows = Stock.objects.filter(shop=shop, grade="sellable")
    return {(house, code): units for house, code, units in rows.values_list("warehouse__code", "sku__code", "on_hand")}


def two_houses(shop: Any) -> tuple[Warehouse, Warehouse]:
    """One near the buyer of 杭州, one far away."""
    return (
        Warehouse.objects.create(shop=shop, code="far", name="广州仓", province="广东省"),
        Warehouse.objects.create(shop=shop, code="near", name="义乌仓", province="浙江省"),
    )


# --- allocation -------------------------------------------------------------------------------------------------------


@pytest.mark.req("R2.15", "R2.46")
def test_the_nearest_warehouse_that_has_everything_sends_and_says_why(shop):
    far, near = two_houses(shop)
    put_in(shop, "CUP", 5, far)
    put_in(shop, "CUP", 5, near)

    box = box_of(shop, {"CUP": 2})

    assert (box.warehouse, contents(box), box.units) == (near, {"CUP": 2}, 2)
    assert box.warehouse_reasons == [{"code": "nearest", "house": "义乌仓", "km": 0}]
    assert sentences(box.warehouse_reasons) == ["义乌仓货齐且最近，约 0 公里。"]


def test_a_farther_warehouse_with_everything_comes_before_two_boxes(shop):
    far, near = two_houses(shop)
    put_in(shop, "CUP", 5, far)
    put_in(shop, "POT", 5, far)
    put_in(shop, "CUP", 5, near)

    box = box_of(shop, {"CUP": 1, "POT": 1})

    assert (box.warehouse, box.warehouse_reasons) == (
        far, [{"code": "has_all", "house": "广州仓", "nearer": ["义乌仓"]}],
    )  # fmt: skip


def test_what_no_warehouse_has_alone_is_split_and_what_nobody_has_waits(shop):
    far, near = two_houses(shop)
    put_in(shop, "CUP", 2, near)
    put_in(shop, "POT", 1, far)
    order = paid_order(shop, {"CUP": 3, "POT": 1})

    made = allocate(shop)

    assert [(box.warehouse, contents(box), box.is_short) for box in made] == [
        (near, {"CUP": 2}, False), (far, {"POT": 1}, False), (near, {"CUP": 1}, True),
    ]  # fmt: skip
    assert [box.warehouse_reasons[0]["code"] for box in made] == ["split", "split", "short"]
    assert codes(waves.make_wave, [made[2]], mode="sow", by=None) == "WAVE"
    # The goods come: the box goes on by itself.
    put_in(shop, "CUP", 1, far)
    assert (services.find_goods(shop.pk), again(made[2]).warehouse, again(made[2]).is_short) == (1, far, False)
    assert state(order) == "to_fulfil"


def test_a_shop_that_does_not_split_waits_with_the_whole_order(shop):
    far, near = two_houses(shop)
    put_in(shop, "CUP", 2, near)
    put_in(shop, "POT", 1, far)
    policy.change(shop, by=None, reason="一单一箱", split_orders=False)

    box = box_of(shop, {"CUP": 1, "POT": 1})

    assert (box.is_short, contents(box), box.warehouse_reasons[0]["code"]) == (True, {"CUP": 1, "POT": 1}, "waits")


def test_a_unit_is_promised_to_one_box_only(shop):
    put_in(shop, "CUP", 1)
    paid_order(shop, {"CUP": 1})
    paid_order(shop, {"CUP": 1}, recipient=ELSEWHERE)

    assert [box.is_short for box in allocate(shop)] == [False, True]


def test_allocating_twice_makes_no_second_box(shop):
    paid_order(shop)

    assert (allocating.allocate_shop(shop.pk), allocating.allocate_shop(shop.pk), Consignment.objects.count()) == (
        1,
        0,
        1,
    )


def test_orders_of_one_buyer_to_one_address_share_a_box_that_takes_a_later_one_in(shop):
    first, second = paid_order(shop, {"CUP": 1}), paid_order(shop, {"POT": 1})
    other = paid_order(shop, {"CUP": 1}, recipient=ELSEWHERE)
    made = allocate(shop)
    later = paid_order(shop, {"CUP": 2})
    allocate(shop)

    box = again(made[0])
    assert [one.order for one in made] == [first, other]
    assert (box.order_count, box.units) == (3, 4)
    assert set(box.lines.values_list("order", flat=True)) == {first.pk, second.pk, later.pk}
    assert box.warehouse_reasons[-1] == {"code": "merged", "count": 3}


def test_a_held_order_does_not_hold_others_with_it(shop):
    held = paid_order(shop)
    orders.place_block(held, kind=BlockKind.RISK, document="R-1", stops=[Stop.PICK, Stop.SHIP], by=None)
    paid_order(shop)

    assert [box.order_count for box in allocate(shop)] == [1, 1]


def test_merging_and_splitting_are_undone_by_hand(shop, packer):
    first, second = paid_order(shop, {"CUP": 3}), paid_order(shop, {"POT": 1})
    [box] = allocate(shop)

    parts = services.take_apart(box, by=packer)
    assert [(one.order, contents(one), one.order_count) for one in parts] == [
        (first, {"CUP": 3}, 1), (second, {"POT": 1}, 1),
    ]  # fmt: skip
    whole = services.merge_consignments(parts[0], others=parts[1:], by=packer)
    assert (contents(whole), whole.order_count, again(parts[1]).state) == ({"CUP": 3, "POT": 1}, 2, "voided")
    line = first.lines.get()
    new = services.split_consignment(whole, units={line.pk: 1}, by=packer)
    assert (contents(again(whole)), contents(new)) == ({"CUP": 2, "POT": 1}, {"CUP": 1})
    services.merge_consignments(whole, others=[new], by=packer)
    assert (contents(again(whole)), again(whole).units) == ({"CUP": 3, "POT": 1}, 4)
    # No rule takes apart again what a person decided.
    assert allocating.allocate_shop(shop.pk) == 0


def test_what_cannot_be_split_or_merged_says_why(shop, packer):
    box = box_of(shop, {"CUP": 2})
    other = box_of(shop, {"CUP": 1}, recipient=ELSEWHERE)
    line = box.order.lines.get()

    assert codes(services.split_consignment, box, units={line.pk: 2}, by=packer) == "UNITS"
    assert codes(services.split_consignment, box, units={line.pk: 3}, by=packer) == "UNITS"
    assert codes(services.split_consignment, box, units={}, by=packer) == "UNITS"
    assert codes(services.take_apart, box, by=packer) == "ONE_ORDER"
    assert codes(services.merge_consignments, box, others=[other], by=packer) == "MERGE"
    assert (contents(box), contents(other)) == ({"CUP": 2}, {"CUP": 1})


def test_a_warehouse_is_chosen_by_hand_where_its_goods_are(shop, packer):
    far, near = two_houses(shop)
    put_in(shop, "CUP", 1, far)
    put_in(shop, "CUP", 5, near)
    box = box_of(shop, {"CUP": 2})

    assert refusal(services.move_consignment, box, warehouse=far, by=packer).detail == {"sku": "CUP", "free": 1}
    put_in(shop, "POT", 9, far)
    Stock.objects.filter(warehouse=far, sku__code="CUP").update(on_hand=2)
    moved = services.move_consignment(box, warehouse=far, by=packer)

    assert (moved.warehouse, moved.warehouse_reasons[0]["code"], moved.is_by_hand) == (far, "by_hand", True)


def test_gifts_go_with_the_orders_that_earn_them_once(shop):
    gift, bought = put_in(shop, "GIFT", 1), put_in(shop, "CUP", 9)
    GiftRule.objects.create(shop=shop, least_fen=2000, gift=gift, quantity=1)
    GiftRule.objects.create(shop=shop, bought=put_in(shop, "POT", 5), gift=bought, quantity=2)

    rich = box_of(shop, {"CUP": 2})
    poor = box_of(shop, {"CUP": 1}, recipient=ELSEWHERE)
    second = box_of(shop, {"POT": 2}, recipient=Person(name="吴一", phone="13600001111", address="北京市 3 号"))

    assert [contents(box) for box in (rich, poor)] == [{"CUP": 2, "GIFT": 1}, {"CUP": 1}]
    assert contents(second) == {"POT": 2, "CUP": 2}
    assert [one["code"] for one in second.warehouse_reasons] == ["only", "gift_out", "gift"]
    assert sentences(rich.warehouse_reasons)[-1] == "赠品 杯子 GIFT × 1：实付满 ¥20.00。"


# --- couriers ---------------------------------------------------------------------------------------------------------


@pytest.mark.req("R2.21")
def test_the_courier_is_proposed_by_rule_then_cost_or_speed_with_the_reason(shop):
    zto, sf = make_courier_account(shop, "zto"), make_courier_account(shop, "sf")
    for account, first, step in ((zto, 300, 100), (sf, 1200, 500)):
        CourierRate.objects.create(shop=shop, account=account, first_fen=first, step_fen=step)
    CourierRate.objects.create(shop=shop, account=zto, provinces=["新疆", "西藏"], first_fen=1800, step_fen=1500)
    CourierSpeed.objects.create(shop=shop, courier="sf", province="浙江", hours=22, parcels=40, counted_at=now())
    CourierSpeed.objects.create(shop=shop, courier="zto", province="浙江", hours=47, parcels=90, counted_at=now())

    assert Chooser(shop.pk).choose("浙江省", 1500) == (zto, [{"code": "cheapest", "fen": 400}])
    assert Chooser(shop.pk).choose("新疆维吾尔自治区", None) == (
        sf, [{"code": "cheapest", "fen": 1200}, {"code": "weight_unknown"}],
    )  # fmt: skip
    policy.change(shop, by=None, reason="要快", courier_by="speed")
    account, why = Chooser(shop.pk).choose("浙江省", 1500)
    assert (account, sentences(why)) == (sf, ["最快：到浙江约 0.9 天，按本店 40 个包裹的中位数。"])
    CourierRule.objects.create(shop=shop, place=2, provinces=["浙江"], account=zto)
    CourierRule.objects.create(shop=shop, place=1, provinces=["浙江"], least_g=2000, account=sf)
    assert Chooser(shop.pk).choose("浙江省", 1500) == (zto, [{"code": "courier_rule", "place": 2}])
    assert Chooser(shop.pk).choose("浙江省", 2500) == (sf, [{"code": "courier_rule", "place": 1}])


def test_speed_is_the_median_of_the_shop_s_own_parcels_and_unknown_below_three(shop):
    for hours in (20, 40, 90):
        package = make_package("zto", shop=shop, state="signed")
        at = now() - timedelta(days=5)
        Package.objects.filter(pk=package.pk).update(shipped_at=at, signed_at=at + timedelta(hours=hours))
    make_package("sf", shop=shop, state="signed")

    following.count_courier_speeds()

    assert list(CourierSpeed.objects.values_list("courier", "province", "hours", "parcels")) == [("zto", "浙江", 40, 3)]


def test_a_courier_is_chosen_by_hand_until_the_label_is_there(shop, packer):
    zto, sf = make_courier_account(shop, "zto"), make_courier_account(shop, "sf")
    box = box_of(shop)
    assert (box.account, box.courier_reasons) == (zto, [{"code": "courier_first"}])

    box = services.choose_courier(box, account=sf, by=packer)
    assert (box.courier, box.courier_reasons[0]["code"]) == ("sf", "courier_by_hand")
    boxes.give_waybill(box, waybill=new_waybill("sf"), by=packer)
    assert codes(services.choose_courier, box, account=zto, by=packer) == "WAYBILL"
    boxes.drop_waybill(box, by=packer)
    assert (services.choose_courier(box, account=zto, by=packer).courier, Package.objects.get().state) == (
        "zto",
        "voided",
    )


# --- waves and picking ------------------------------------------------------------------------------------------------


def three_boxes(shop: Any) -> list[Consignment]:
    put_in(shop, "CUP", 20, shelf="B-02")
    put_in(shop, "POT", 20, shelf="A-01")
    put_in(shop, "LID", 20)
    people = [Person(name=f"客{n}", phone=f"1390000000{n}", address=f"浙江省杭州市 {n} 号") for n in range(3)]
    paid_order(shop, {"CUP": 1}, recipient=people[0])
    paid_order(shop, {"CUP": 2, "POT": 1}, recipient=people[1])
    paid_order(shop, {"LID": 1}, recipient=people[2])
    return allocate(shop)


@pytest.mark.req("R2.16", "R2.46")
def test_a_pick_list_is_walked_along_the_bins_or_box_by_box(shop, packer):
    made = three_boxes(shop)
    wave, left_out = waves.make_wave(made, mode="sow", by=packer)

    halts = waves.pick_list(wave)
    assert left_out == []
    assert [(one.bin, one.sku.code, one.quantity) for one in halts] == [
        ("A-01", "POT", 1),
        ("B-02", "CUP", 3),
        ("", "LID", 1),
    ]
    assert [(line.consignment.basket, line.quantity) for line in halts[1].lines] == [(1, 1), (2, 2)]
    waves.dissolve_wave(wave, by=packer)
    single, _out = waves.make_wave([again(box) for box in made], mode="single", by=packer)
    assert [(one.lines[0].consignment.basket, one.sku.code) for one in waves.pick_list(single)] == [
        (1, "CUP"), (2, "POT"), (2, "CUP"), (3, "LID"),
    ]  # fmt: skip


@pytest.mark.req("R1.20")
def test_scans_sow_into_baskets_and_end_the_wave(shop, packer):
    made = three_boxes(shop)
    wave, _out = waves.make_wave(made, mode="sow", by=packer)

    answers = [scanning.scan_pick(wave, code, by=packer) for code in ("cup", "CUP", "CUP", "POT")]
    assert [answer.basket for answer in answers] == [1, 2, 2, 2]
    assert [again(box).state for box in made] == ["picked", "picked", "picking"]
    assert codes(scanning.scan_pick, wave, "CUP", by=packer) == "TOO_MANY"
    assert codes(scanning.scan_pick, wave, "NOBODY", by=packer) == "UNKNOWN_CODE"
    put_in(shop, "OTHER", 1)
    assert codes(scanning.scan_pick, wave, "OTHER", by=packer) == "WRONG_ITEM"
    assert scanning.scan_pick(wave, "LID", by=packer).colour == "ok"
    wave.refresh_from_db()
    assert (wave.state, codes(scanning.scan_pick, wave, "LID", by=packer)) == ("done", "WAVE_STATE")


def test_a_wave_leaves_out_what_is_held_or_taken(shop, packer):
    made = three_boxes(shop)
    orders.place_block(made[0].order, kind=BlockKind.RISK, document="R-1", stops=[Stop.SHIP], by=None)
    waves.make_wave([made[1]], mode="batch", by=packer)

    wave, left_out = waves.make_wave(made, mode="batch", by=packer)

    assert (wave.consignments.get(), left_out) == (made[2], [made[0].number, made[1].number])


def test_a_shelf_that_is_empty_sends_the_box_back_to_wait(shop, packer):
    box = box_of(shop, {"CUP": 2})
    wave, _out = waves.make_wave([box], mode="sow", by=packer)
    scanning.scan_pick(wave, "CUP", by=packer)

    box = services.put_back(box, by=packer, reason="货架上只有一个", is_short=True)

    assert (box.state, box.is_short, box.wave, box.lines.get().picked) == ("waiting", True, None, 0)


# --- packing and shipping ---------------------------------------------------------------------------------------------


@pytest.mark.req("R1.20", "R2.17", "R2.19")
def test_a_box_is_checked_ticked_labelled_packed_and_shipped(shop, packer):
    account = make_courier_account(shop, "zto")
    put_in(shop, "CUP", 5)
    order = paid_order(shop, {"CUP": 2})
    [box] = allocate(shop)

    assert codes(boxes.pack_consignment, box, by=packer, checks=CHECKS) == "CONSIGNMENT_STATE"
    first = scanning.scan_check(box, "CUP", by=packer)
    assert (first.colour, again(box).state) == ("go", "picking")
    assert scanning.scan_check(box, "CUP", by=packer).colour == "ok"
    assert codes(scanning.scan_check, box, "CUP", by=packer) == "TOO_MANY"
    assert codes(boxes.pack_consignment, box, by=packer, checks=CHECKS[:3]) == "CHECKLIST"
    box = boxes.pack_consignment(box, by=packer, checks=CHECKS)
    assert (box.state, state(order), box.packer, tuple(box.checklist)) == ("packed", "packed", packer, CHECKS)
    assert codes(boxes.ship_consignment, box, by=packer) == "WAYBILL"
    boxes.unpack_consignment(box, by=packer, reason="忘贴单")
    assert (state(order), again(box).lines.get().checked) == ("to_fulfil", 0)
    box = packed(again(box), packer, waybill="73100000000099")
    assert on_hand(shop) == {("main", "CUP"): 5}

    box = boxes.ship_consignment(box, by=packer)

    assert (box.state, state(order), on_hand(shop)) == ("shipped", "shipped", {("main", "CUP"): 3})
    package = Package.objects.get()
    assert (package.waybill, package.account, package.state, package.shipped_at) == (
        "73100000000099", account, "labelled", box.shipped_at,
    )  # fmt: skip
    assert list(package.lines.values_list("order", "quantity")) == [(order.pk, 2)]
    assert OrderLine.objects.get().shipped_quantity == 2
    assert StockMove.objects.get(kind=MoveKind.SHIPPED).document == box.number
    verbs = Activity.objects.filter(subject_kind="consignment", subject_id=box.pk).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "consignment.allocate", "consignment.start_picking", "consignment.finish_picking", "consignment.pack",
        "consignment.unpack", "consignment.give_waybill", "consignment.pack", "consignment.ship",
    ]  # fmt: skip


def test_an_order_in_two_boxes_is_partly_shipped_in_between(shop, packer):
    order = paid_order(shop, {"CUP": 2})
    [box] = allocate(shop)
    other = services.split_consignment(box, units={order.lines.get().pk: 1}, by=packer)

    boxes.ship_consignment(packed(box, packer), by=packer)
    assert state(order) == "partly_shipped"
    boxes.ship_consignment(packed(other, packer), by=packer)
    assert (state(order), OrderLine.objects.get().shipped_quantity) == ("shipped", 2)


def test_a_box_of_two_orders_is_one_parcel_that_ships_both(shop, packer):
    first, second = paid_order(shop, {"CUP": 1}), paid_order(shop, {"POT": 1})
    [box] = allocate(shop)

    boxes.ship_consignment(packed(box, packer), by=packer)

    assert ([state(first), state(second)], Package.objects.get().order_count) == (["shipped", "shipped"], 2)


@pytest.mark.req("R2.18")
def test_a_weight_that_is_far_off_asks_the_packer_to_look_again(shop, packer):
    box = checked(box_of(shop, {"CUP": 2}), packer)
    policy.change(shop, by=None, reason="称重", weigh_boxes=True)

    assert codes(boxes.pack_consignment, box, by=packer, checks=CHECKS) == "WEIGHT"
    assert codes(boxes.weigh, box, weight_g=0, by=packer) == "WEIGHT"
    boxes.pack_consignment(box, by=packer, checks=CHECKS, weight_g=640)
    assert again(box).weight_g == 640


# --- what stops a scan ------------------------------------------------------------------------------------------------


def close(order: Order) -> None:
    """The whole of it is refunded before it left."""
    Order.objects.filter(pk=order.pk).update(refunding_fen=order.paid_fen)
    orders.close_order(order, by=None, reason="refunded")


@pytest.mark.req("R2.17")
def test_s10_a_refund_agreed_meanwhile_stops_the_packer_s_scan(shop, packer):
    put_in(shop, "CUP", 5)
    order = paid_order(shop, {"CUP": 2})
    [box] = allocate(shop)
    scanning.scan_check(box, "CUP", by=packer)
    close(order)

    stopped = refusal(scanning.scan_check, box, "CUP", by=packer)
    assert (stopped.code, order.number in str(stopped.message), "已退款锁单" in str(stopped.message)) == (
        "REFUNDED",
        True,
        True,
    )
    assert codes(boxes.give_waybill, box, waybill=new_waybill("zto"), courier="zto", by=packer) == "REFUNDED"
    following.follow_shop(shop.pk)
    box = again(box)
    assert (box.state, box.void_reason, box.is_to_return, box.lines.get().checked) == ("voided", "refunded", True, 1)
    assert codes(scanning.scan_desk, packer, box.number, None) == "REFUNDED"
    assert (Package.objects.count(), on_hand(shop), state(order)) == (0, {("main", "CUP"): 5}, "closed")
    services.confirm_returned(box, by=packer)
    assert codes(services.confirm_returned, box, by=packer) == "RETURNED"


def test_a_refund_of_one_of_two_opens_the_box_again_and_strikes_its_goods(shop, packer):
    first, second = paid_order(shop, {"CUP": 1}), paid_order(shop, {"POT": 1})
    [box] = allocate(shop)
    box = packed(box, packer)
    close(first)

    assert codes(boxes.ship_consignment, box, by=packer) == "REFUNDED"
    following.follow_shop(shop.pk)

    box = again(box)
    assert (box.state, contents(box), box.order, state(second)) == ("picked", {"POT": 1}, second, "to_fulfil")
    assert list(Package.objects.get().lines.values_list("order", flat=True)) == [second.pk]
    boxes.ship_consignment(packed(box, packer), by=packer)
    assert (state(second), Package.objects.get().order_count) == ("shipped", 1)


def test_a_hold_stops_every_scan_and_names_the_order(shop, packer):
    box = box_of(shop)
    orders.place_block(
        box.order, kind=BlockKind.HOLD, document="H-1", stops=[Stop.PICK, Stop.SHIP], by=None, reason="等颜色"
    )

    stopped = refusal(scanning.scan_check, box, "CUP", by=packer)
    assert (stopped.code, stopped.detail) == ("HELD", {"order": box.order.number, "kind": "hold"})
    orders.lift_block(box.order, kind=BlockKind.HOLD, document="H-1", by=None)
    assert scanning.scan_check(box, "CUP", by=packer).colour == "ok"


def test_an_order_back_in_review_leaves_the_warehouse_and_comes_again(shop):
    order = paid_order(shop)
    [box] = allocate(shop)
    orders.return_to_review(order, by=None, step_due_at=None, reason="地址存疑")
    following.strike_moved(shop.pk)
    assert (again(box).state, again(box).void_reason) == ("voided", "back_to_review")

    for step in (orders.pass_review, orders.assign_order):
        step(order, by=None, step_due_at=None, **({"to": None} if step is orders.assign_order else {}))
    orders.confirm_order(order, by=None)

    assert [one.state for one in allocate(shop)] == ["voided", "waiting"]


def test_an_order_that_the_platform_says_is_shipped_voids_its_box_and_takes_the_goods_out(shop):
    put_in(shop, "CUP", 5)
    order = paid_order(shop, {"CUP": 2})
    [box] = allocate(shop)
    Order.objects.filter(pk=order.pk).update(state="shipped", shipped_at=now())

    following.strike_moved(shop.pk)
    following.strike_moved(shop.pk)

    assert (again(box).state, again(box).void_reason, on_hand(shop)) == (
        "voided",
        "sent_elsewhere",
        {("main", "CUP"): 3},
    )


def test_goods_refunded_alone_are_taken_out_before_the_box_is_closed(shop, packer):
    box = checked(box_of(shop, {"CUP": 1, "POT": 1}), packer)
    OrderLine.objects.filter(order=box.order, line_no=2).update(refunded_fen=1000)

    assert codes(boxes.pack_consignment, box, by=packer, checks=CHECKS) == "LINE_REFUNDED"
    services.take_out_refunded(box, by=packer)
    assert contents(box) == {"CUP": 1}
    boxes.pack_consignment(box, by=packer, checks=CHECKS)


# --- bad codes --------------------------------------------------------------------------------------------------------


def test_every_bad_code_is_a_sentence_of_its_own(shop, packer):
    other = make_shop()
    box, theirs = box_of(shop), box_of(other)
    stranger = make_user("warehouse", other)
    waybill = new_waybill("zto")
    boxes.give_waybill(theirs, waybill=waybill, courier="zto", by=stranger)
    put_in(shop, "POT", 1)

    seen = {
        "nobody": codes(scanning.scan_desk, packer, "???", box),
        "wrong": codes(scanning.scan_desk, packer, "POT", box),
        "other shop": codes(boxes.give_waybill, box, waybill=waybill, courier="zto", by=packer),
        "their box": codes(scanning.scan_desk, packer, waybill, None),
        "no number": codes(boxes.give_waybill, box, waybill="12", courier="zto", by=packer),
        "wrong courier": codes(boxes.give_waybill, box, waybill="SF1234567890123", courier="zto", by=packer),
        "role": codes(scanning.scan_check, box, "CUP", by=make_user("finance", shop)),
    }

    assert seen == {
        "nobody": "UNKNOWN_CODE", "wrong": "WRONG_ITEM", "other shop": "WAYBILL_OTHER_SHOP", "their box": "OTHER_SHOP",
        "no number": "WAYBILL", "wrong courier": "COURIER", "role": "RIGHT",
    }  # fmt: skip
    assert (again(box).state, again(box).waybill) == ("waiting", "")


def test_a_number_is_one_box_s_and_a_box_has_one_number(shop, packer):
    box, other = box_of(shop), box_of(shop, recipient=ELSEWHERE)
    waybill = new_waybill("zto")
    boxes.give_waybill(box, waybill=waybill, courier="zto", by=packer)

    assert boxes.give_waybill(box, waybill=waybill.lower(), courier="zto", by=packer).waybill == waybill
    assert codes(boxes.give_waybill, box, waybill=new_waybill("zto"), courier="zto", by=packer) == "WAYBILL"
    assert codes(boxes.give_waybill, other, waybill=waybill, courier="zto", by=packer) == "WAYBILL_USED"


def test_one_field_takes_box_goods_label_and_the_next_box(shop, packer):
    make_courier_account(shop, "zto")
    box, other = box_of(shop), box_of(shop, recipient=ELSEWHERE)

    opened = scanning.scan_desk(packer, f" {box.number.lower()} ", None)
    assert opened.box == box
    assert scanning.scan_desk(packer, "CUP", box).colour == "ok"
    assert scanning.scan_desk(packer, "73100000000123", box).title == "73100000000123"
    boxes.pack_consignment(box, by=packer, checks=CHECKS)
    assert codes(scanning.scan_desk, packer, "73100000000123", None) == "PACKED"
    assert scanning.scan_desk(packer, other.order.number, box).box == other
    assert scanning.scan_ship(packer, "73100000000123").box.state == "shipped"
    assert codes(scanning.scan_ship, packer, "73100000000123") == "SHIPPED"


def test_a_box_whose_orders_went_different_ways_says_which(shop, packer):
    first, second = paid_order(shop, {"CUP": 1}), paid_order(shop, {"POT": 1})
    [box] = allocate(shop)
    elsewhere = paid_order(shop, recipient=ELSEWHERE)
    Order.objects.filter(pk=second.pk).update(recipient=elsewhere.recipient)

    stopped = refusal(scanning.scan_check, box, "CUP", by=packer)
    assert (stopped.code, stopped.detail, state(first)) == ("ADDRESS", {"order": second.number}, "to_fulfil")


def test_a_scan_is_few_statements(shop, packer, django_assert_max_num_queries):
    made = SimpleNamespace(box=box_of(shop, {"CUP": 9}))
    scanning.scan_check(made.box, "CUP", by=packer)
    with django_assert_max_num_queries(12):
        scanning.scan_desk(packer, "CUP", made.box)
