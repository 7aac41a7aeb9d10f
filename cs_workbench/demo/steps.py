"""Orders on their way to the demo's warehouse: some at each step, each with a reason of its own."""

from dataclasses import replace
from datetime import timedelta

from cs_workbench.demo import home
from cs_workbench.demo.goods import GOODS
from cs_workbench.demo.orders import OrderMaker
from cs_workbench.demo.shops import DemoShops
from merchant.clock import now
from merchant.people.models import Membership
from merchant.policy import services as policy
from orders.assignment.rule_services import add_rule
from orders.confirmation import services as confirming
from orders.confirmation.enums import Channel
from orders.intake.normal import NormalOrder
from orders.record.enums import OrderState
from orders.record.models import Order

# Seconds. What the demo is about, the parcel that can be stopped, stays first on the desk.
UNHURRIED = 3 * 86_400


def set_up(shops: DemoShops, maker: OrderMaker) -> None:
    """From here on the demo's shops prepare their orders here; their own channel also confirms each with its buyer."""
    owner = shops.people["owner"]
    for shop in (shops.kuaishou, shops.own, shops.douyin):
        policy.change(
            shop,
            by=owner,
            reason="改在本系统备货发货",
            fulfil_here=True,
            confirm_orders=shop == shops.own,
            **dict.fromkeys(("t_review", "t_assign", "t_confirm"), UNHURRIED),
        )
    Membership.objects.filter(shop=shops.own, user=shops.agent).update(capacity=40, skills=["生鲜"])
    add_rule(
        shops.own,
        by=owner,
        name="大额订单",
        kinds=[],
        provinces=[],
        least_fen=100_000,
        most_fen=0,
        skill="大客户",
        team=None,
    )
    _to_review(shops, maker)
    _to_assign(shops, maker)
    _to_confirm(shops, maker)


def _fresh(maker: OrderMaker, buyer: int, good: int, *, quantity: int = 1, paid_fen: int | None = None) -> NormalOrder:
    placed = now() - timedelta(minutes=4)
    return maker.order(
        maker.buyers[buyer],
        GOODS[good],
        placed_at=placed,
        state=OrderState.TO_FULFIL,
        quantity=quantity,
        paid_fen=paid_fen,
    )


def _to_review(shops: DemoShops, maker: OrderMaker) -> None:
    """No door, no district but a hint of it, a banned word, half the price, the same again, Hong Kong."""
    short, vague, far = _fresh(maker, 8, 0), _fresh(maker, 9, 1), _fresh(maker, 10, 2)
    assert short.recipient and vague.recipient and far.recipient
    short.recipient = replace(short.recipient, address="浙江省杭州市余杭区3幢", province="浙江省", city="杭州市")
    vague.recipient = replace(vague.recipient, address="浙江余杭 9 幢", province="浙江省", city="杭州市")
    far.recipient = replace(
        far.recipient, address="香港特别行政区中西区演示道 1 号", province="香港特别行政区", city="香港特别行政区"
    )
    worded = _fresh(maker, 11, 3)
    worded.buyer_note = "给五星，麻烦返现 10 元"
    cheap = _fresh(maker, 12, 5, paid_fen=GOODS[5].price_fen * 4 // 10)
    once = _fresh(maker, 13, 6)
    # Ordered once more a moment later: the same goods of the same buyer.
    again = replace(
        once,
        number=f"{once.number}1",
        placed_at=once.placed_at + timedelta(seconds=40),
        payments=[replace(payment, number=f"{payment.number}1") for payment in once.payments],
    )
    for row in (short, vague, far, worded, cheap, once, again):
        home.stored(shops, row)


def _to_assign(shops: DemoShops, maker: OrderMaker) -> None:
    """A large order asks for a skill that nobody has yet."""
    home.stored(shops, _fresh(maker, 14, 0, quantity=1 + 100_000 // GOODS[0].price_fen))


def _to_confirm(shops: DemoShops, maker: OrderMaker) -> None:
    """Two that somebody has; one was called without an answer."""
    orders: list[Order] = [home.stored(shops, _fresh(maker, 15 + n, 7 + n)) for n in range(2)]
    order = orders[0]
    order.refresh_from_db()
    if order.state == OrderState.PENDING_CONFIRM:
        confirming.log_contact(order, by=order.assignee, channel=Channel.PHONE, note="无人接听，晚上再打")
