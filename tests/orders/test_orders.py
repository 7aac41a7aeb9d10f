"""The order's machine, its verbs and what stands in their way."""

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django_fsm import ConcurrentTransition, can_proceed

from merchant.clock import now
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.payments import services as payments
from orders.record import progress, services
from orders.record.enums import BlockKind, OrderState, Stop
from orders.record.models import Block, Order
from orders.remarks.services import add_note
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import MORNING, make_order

S = OrderState
IN_HOUSE = {S.PENDING_REVIEW, S.PENDING_ASSIGN, S.PENDING_CONFIRM, S.TO_FULFIL, S.PACKED}
MOVES = {
    "pay": {S.PENDING_PAYMENT},
    "pass_review": {S.PENDING_REVIEW},
    "assign": {S.PENDING_ASSIGN},
    "confirm": {S.PENDING_CONFIRM},
    "return_to_review": {S.PENDING_ASSIGN, S.PENDING_CONFIRM, S.TO_FULFIL},
    "pack": {S.TO_FULFIL},
    "unpack": {S.PACKED},
    "ship_part": {S.PACKED, S.PARTLY_SHIPPED},
    "ship": {S.PACKED, S.PARTLY_SHIPPED},
    "receive": {S.SHIPPED},
    "complete": {S.RECEIVED},
    "close": {S.PENDING_PAYMENT, *IN_HOUSE, S.PARTLY_SHIPPED, S.SHIPPED},
}
# Where a platform's word may move an order (set-based): forward only, and closed only before receipt.
FOLLOWS = {
    S.PENDING_REVIEW: {S.PENDING_PAYMENT},
    S.PENDING_ASSIGN: {S.PENDING_PAYMENT, S.PENDING_REVIEW},
    S.PENDING_CONFIRM: {S.PENDING_PAYMENT, S.PENDING_REVIEW, S.PENDING_ASSIGN},
    S.TO_FULFIL: {S.PENDING_PAYMENT, S.PENDING_REVIEW, S.PENDING_ASSIGN, S.PENDING_CONFIRM},
    S.PACKED: {S.PENDING_PAYMENT, *IN_HOUSE} - {S.PACKED},
    S.PARTLY_SHIPPED: {S.PENDING_PAYMENT, *IN_HOUSE},
    S.SHIPPED: {S.PENDING_PAYMENT, *IN_HOUSE, S.PARTLY_SHIPPED},
    S.RECEIVED: {S.PENDING_PAYMENT, *IN_HOUSE, S.PARTLY_SHIPPED, S.SHIPPED},
    S.COMPLETED: {S.PENDING_PAYMENT, *IN_HOUSE, S.PARTLY_SHIPPED, S.SHIPPED, S.RECEIVED},
    S.CLOSED: MOVES["close"],
}


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(MOVES, S)))
def test_an_order_moves_only_where_the_table_says(verb, state):
    assert can_proceed(getattr(Order(state=state), verb)) is (state in MOVES[verb])


def test_a_platform_moves_an_order_only_forward():
    assert {(str(source), str(target)) for target, sources in FOLLOWS.items() for source in sources} == progress.ALLOWED


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "target"), list(itertools.product(S, FOLLOWS)))
def test_the_set_based_move_obeys_the_same_table(state, target):
    order = make_order(state=state if state != S.ARCHIVED else S.COMPLETED)
    if state == S.ARCHIVED:
        Order.objects.filter(pk=order.pk).update(state=S.ARCHIVED)

    moved = progress.follow_platform(order.shop, [progress.Move(order.pk, target, closed_at=MORNING)])

    allowed = state in FOLLOWS[target]
    assert moved == ({order.pk: (state, target)} if allowed else {})
    order.refresh_from_db()
    assert (order.state, order.version) == ((target, 2) if allowed else (state, 1))
    assert Activity.objects.about(order).filter(verb="order.follow_platform").count() == int(allowed)


@pytest.mark.django_db
def test_the_database_refuses_a_state_nobody_knows():
    order = make_order()

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(state="vanished")


@pytest.mark.django_db
def test_a_stale_copy_cannot_be_saved():
    stale = make_order(state=S.RECEIVED)
    services.complete_order(stale, by=None)

    stale.complete(at=now())
    with pytest.raises(ConcurrentTransition):
        stale.save()


@pytest.mark.django_db
class TestClosing:
    def test_an_unpaid_order_closes_with_its_reason_and_a_line_in_the_trail(self):
        order = make_order(state=S.PENDING_PAYMENT, is_paid=False)

        closed = services.close_order(order, by=None, reason="T-PAY")

        assert (closed.state, closed.close_reason, closed.version) == (S.CLOSED, "T-PAY", 2)
        line = Activity.objects.about(order).get(verb="order.close")
        assert (line.from_state, line.to_state, line.reason, line.by) == ("pending_payment", "closed", "T-PAY", None)

    def test_a_paid_order_does_not_close_before_its_money_is_on_the_way_back(self):
        order = make_order(state=S.TO_FULFIL, nets=(8800,), freight_fen=500)

        with pytest.raises(Refused) as refusal:
            services.close_order(order, by=None, reason="refund")

        assert (refusal.value.code, Order.objects.get(pk=order.pk).state) == ("ORDER_PAID", S.TO_FULFIL)

    def test_an_order_in_the_house_closes_once_the_refund_is_reserved(self):
        order = make_order(state=S.TO_FULFIL)
        payments.reserve_money(order, parts={order.lines.get().pk: 8800})

        assert services.close_order(order, by=None, reason="refund").state == S.CLOSED

    def test_a_shipped_order_closes_only_when_the_money_is_back(self):
        order = make_order(state=S.SHIPPED)
        parts = {order.lines.get().pk: 8800}
        payments.reserve_money(order, parts=parts)

        with pytest.raises(Refused) as refusal:
            services.close_order(order, by=None, reason="refund")
        assert refusal.value.code == "ORDER_PAID"
        payments.settle_money(order, parts=parts)
        assert services.close_order(order, by=None, reason="refund").state == S.CLOSED

    def test_closing_twice_is_closing_once(self):
        order = make_order(state=S.PENDING_PAYMENT, is_paid=False)

        services.close_order(order, by=None, reason="T-PAY")
        services.close_order(order, by=None, reason="again")

        assert Activity.objects.about(order).filter(verb="order.close").count() == 1

    def test_a_received_order_stays(self):
        order = make_order(state=S.RECEIVED)

        with pytest.raises(Refused) as refusal:
            services.close_order(order, by=None, reason="late")

        assert (refusal.value.code, refusal.value.detail) == ("ORDER_STATE", {"state": "received"})


@pytest.mark.django_db
class TestTheRoadForward:
    def test_a_packed_order_ships_in_two_parcels_and_is_received_and_completed(self):
        order = make_order(state=S.PACKED)
        at = now()

        order = services.ship_order(order, by=None, is_last=False, at=at)
        assert (order.state, order.shipped_at, order.auto_receive_at) == (S.PARTLY_SHIPPED, at, None)
        order = services.ship_order(order, by=None, at=at + timedelta(hours=1))
        assert (order.state, order.shipped_at, order.auto_receive_at) == (
            S.SHIPPED,
            at,
            at + timedelta(days=10, hours=1),
        )
        order = services.receive_order(order, by=None, at=at + timedelta(days=3))
        assert (order.state, order.settle_at) == (S.RECEIVED, at + timedelta(days=10))
        order = services.complete_order(order, by=None)
        assert order.state == S.COMPLETED
        verbs = Activity.objects.about(order).order_by("pk").values_list("verb", "from_state", "to_state")
        assert list(verbs) == [
            ("order.import", "", "packed"),
            ("order.ship_part", "packed", "partly_shipped"),
            ("order.ship", "partly_shipped", "shipped"),
            ("order.receive", "shipped", "received"),
            ("order.complete", "received", "completed"),
        ]

    @pytest.mark.parametrize(
        ("verb", "state", "stop"),
        [
            ("ship_order", S.PACKED, Stop.SHIP),
            ("receive_order", S.SHIPPED, Stop.RECEIVE),
            ("complete_order", S.RECEIVED, Stop.COMPLETE),
        ],
    )
    def test_a_block_stops_its_step_until_it_is_lifted(self, verb, state, stop):
        order = make_order(state=state)
        services.place_block(order, kind=BlockKind.AFTERSALES, document="AS1", stops=[stop], by=None)

        with pytest.raises(Refused) as refusal:
            getattr(services, verb)(order, by=None)
        assert (refusal.value.code, refusal.value.detail["document"]) == ("BLOCKED", "AS1")
        assert Order.objects.get(pk=order.pk).state == state
        assert services.lift_block(order, kind=BlockKind.AFTERSALES, document="AS1", by=None) is True
        assert getattr(services, verb)(order, by=None).state != state

    def test_blocks_do_not_stop_other_steps(self):
        order = make_order(state=S.SHIPPED)
        services.place_block(order, kind=BlockKind.AFTERSALES, document="AS1", stops=[Stop.SHIP], by=None)

        assert services.receive_order(order, by=None).state == S.RECEIVED


@pytest.mark.django_db
class TestBlocks:
    def test_the_same_block_twice_is_one_and_lifting_it_twice_is_nothing(self):
        order = make_order(state=S.TO_FULFIL)

        first = services.place_block(order, kind=BlockKind.AFTERSALES, document="AS1", stops=[Stop.SHIP], by=None)
        again = services.place_block(order, kind=BlockKind.AFTERSALES, document="AS1", stops=[Stop.SHIP], by=None)

        assert (first.pk, Block.objects.open().filter(order=order).count()) == (again.pk, 1)
        assert services.lift_block(order, kind=BlockKind.AFTERSALES, document="AS1", by=None) is True
        assert services.lift_block(order, kind=BlockKind.AFTERSALES, document="AS1", by=None) is False
        assert Block.objects.open().filter(order=order).count() == 0

    def test_a_hold_needs_the_right_and_an_order_still_in_the_house(self):
        shop = make_shop()
        order, sent = make_order(shop, state=S.TO_FULFIL), make_order(shop, state=S.SHIPPED)
        agent, finance = make_user("agent", shop), make_user("finance", shop)
        hold = {"kind": BlockKind.HOLD, "document": "address", "stops": [Stop.PICK, Stop.SHIP]}

        with pytest.raises(Refused) as refusal:
            services.place_block(order, by=finance, **hold)
        assert refusal.value.code == "RIGHT"
        with pytest.raises(Refused) as refusal:
            services.place_block(sent, by=agent, **hold)
        assert refusal.value.code == "ORDER_STATE"
        assert services.place_block(order, by=agent, **hold).opened_by == agent


@pytest.mark.django_db
class TestClocks:
    def test_orders_of_our_own_channel_follow_their_clocks_and_platform_orders_do_not(self):
        own, platform = make_shop("own"), make_shop("kuaishou")
        long_ago = now() - timedelta(days=30)
        rows = [(shop, state) for shop in (own, platform) for state in (S.PENDING_PAYMENT, S.SHIPPED, S.RECEIVED)]
        orders = [
            make_order(
                shop,
                state=state,
                placed_at=long_ago,
                is_paid=state != S.PENDING_PAYMENT,
                received_at=long_ago if state == S.RECEIVED else None,
            )
            for shop, state in rows
        ]

        assert services.sweep_clocks() == 3

        states = [Order.objects.get(pk=order.pk).state for order in orders]
        assert states == [S.CLOSED, S.RECEIVED, S.COMPLETED, S.PENDING_PAYMENT, S.SHIPPED, S.RECEIVED]
        assert services.sweep_clocks() == 0

    def test_an_order_with_an_open_after_sale_waits(self):
        order = make_order(make_shop("own"), state=S.SHIPPED, placed_at=now() - timedelta(days=30))
        services.place_block(order, kind=BlockKind.AFTERSALES, document="AS1", stops=[Stop.RECEIVE], by=None)

        assert (services.sweep_clocks(), Order.objects.get(pk=order.pk).state) == (0, S.SHIPPED)


@pytest.mark.django_db
class TestRemarks:
    def test_a_remark_keeps_its_writer_and_sets_the_flag(self):
        shop = make_shop()
        order, agent = make_order(shop), make_user("agent", shop, name="林小满")

        note = add_note(order, text="  老顾客，先发  ", flag=1, by=agent)

        order.refresh_from_db()
        assert (note.text, note.by_name, note.flag, order.flag) == ("老顾客，先发", "林小满", 1, 1)
        assert Activity.objects.about(order).get(verb="note.add").by == agent

    def test_an_empty_remark_a_long_one_and_a_stranger_are_refused(self):
        order = make_order()
        stranger = make_user("agent", make_shop())

        for text, by, code in (("  ", None, "NOTE"), ("长" * 501, None, "NOTE"), ("x", stranger, "RIGHT")):
            with pytest.raises(Refused) as refusal:
                add_note(order, text=text, by=by)
            assert refusal.value.code == code
        assert order.notes.count() == 0


@pytest.mark.django_db
class TestFinding:
    def test_one_sees_only_orders_of_ones_own_shops(self):
        shop, other = make_shop(), make_shop()
        mine, _theirs = make_order(shop), make_order(other)

        assert list(Order.objects.visible_to(make_user("agent", shop))) == [mine]
        assert list(Order.objects.visible_to(make_user())) == []

    def test_the_last_digits_find_an_order(self):
        shop = make_shop()
        order, _other = make_order(shop, number="2611160000123456"), make_order(shop, number="2611160000123457")

        assert list(Order.objects.filter(shop=shop).number_ends_with("123456")) == [order]

    def test_a_keyset_page_goes_on_where_the_last_ended(self):
        shop = make_shop()
        orders = [make_order(shop, placed_at=MORNING + timedelta(minutes=minute // 2)) for minute in range(6)]
        newest = sorted(orders, key=lambda o: (o.placed_at, o.pk), reverse=True)

        page = list(Order.objects.filter(shop=shop).page_after(newest[1].placed_at, newest[1].pk, size=3))

        assert page == newest[2:5]


def walked(order):
    """What the trail says of it: (verb, from, to)."""
    rows = Activity.objects.filter(subject_kind="order", subject_id=order.pk).exclude(to_state="").order_by("pk")
    return [(row.verb, row.from_state, row.to_state) for row in rows]


def test_an_order_walks_from_payment_to_the_packed_box_one_verb_a_step(db):
    order = make_order(state=S.PENDING_PAYMENT, is_paid=False, nets=(8800,))
    at, due = MORNING + timedelta(minutes=5), MORNING + timedelta(minutes=15)
    with pytest.raises(Refused) as refusal:
        services.pay_order(order, paid_fen=8799, at=at, step_due_at=due)
    assert (refusal.value.code, refusal.value.detail["payable_fen"]) == ("PAID_AMOUNT", 8800)
    services.pay_order(order, paid_fen=8800, at=at, step_due_at=due)
    order.refresh_from_db()
    assert (order.state, order.paid_at, order.pay_by_at, order.step_due_at) == (S.PENDING_REVIEW, at, None, due)
    assert order.ship_by_at == at + timedelta(hours=48)
    services.pass_review(order, by=None, step_due_at=due)
    person = make_user()
    services.assign_order(order, to=person, by=None, step_due_at=due, reason="least to do")
    services.confirm_order(order, by=person)
    services.pack_order(order, by=person)
    services.unpack_order(order, by=person, reason="one is missing")
    services.return_to_review(order, by=person, step_due_at=due, reason="another address")
    order.refresh_from_db()
    assert (order.state, order.assignee) == (S.PENDING_REVIEW, person)
    assert walked(order)[-7:] == [
        ("order.pay", "pending_payment", "pending_review"),
        ("order.pass_review", "pending_review", "pending_assign"),
        ("order.assign", "pending_assign", "pending_confirm"),
        ("order.confirm", "pending_confirm", "to_fulfil"),
        ("order.pack", "to_fulfil", "packed"),
        ("order.unpack", "packed", "to_fulfil"),
        ("order.return_to_review", "to_fulfil", "pending_review"),
    ]


def test_a_held_order_neither_passes_review_nor_is_packed(db):
    order = make_order(state=S.PENDING_REVIEW)
    services.place_block(order, kind=BlockKind.RISK, document="R-1", stops=[Stop.PICK, Stop.SHIP], by=None)
    for step in (lambda: services.pass_review(order, by=None, step_due_at=None),):
        with pytest.raises(Refused) as refusal:
            step()
        assert refusal.value.code == "BLOCKED"
    order.refresh_from_db()
    assert order.state == S.PENDING_REVIEW


def test_many_orders_take_a_step_in_one_statement_and_those_that_stand_elsewhere_stay(
    db, django_assert_max_num_queries
):
    shop, person = make_shop(), make_user()
    waiting = [make_order(shop=shop, state=S.PENDING_ASSIGN) for _ in range(3)]
    elsewhere = make_order(shop=shop, state=S.TO_FULFIL)
    steps = [
        progress.Step(order.pk, S.PENDING_CONFIRM, MORNING, person.pk, reason="least to do")
        for order in (*waiting, elsewhere)
    ]
    with django_assert_max_num_queries(5):
        moved = progress.take_steps(shop.pk, steps, source=S.PENDING_ASSIGN, verb="order.assign")
    assert moved == {order.pk for order in waiting}
    waiting[0].refresh_from_db()
    assert (waiting[0].state, waiting[0].assignee, waiting[0].step_due_at) == (S.PENDING_CONFIRM, person, MORNING)
    assert walked(waiting[0])[-1] == ("order.assign", "pending_assign", "pending_confirm")
    elsewhere.refresh_from_db()
    assert elsewhere.state == S.TO_FULFIL
