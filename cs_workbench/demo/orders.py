"""Orders in the shapes and proportions of a real small shop, made up and always the same ones."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from cs_workbench.demo.goods import CHEAP_FEN, CHEAP_PROMISE, GOODS, NICKNAMES, PLACES, PROMISES, RECIPIENTS, Good
from merchant.clock import SHANGHAI, now
from merchant.shops.models import Platform, Shop
from merchant.vault.services import Person
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.record.enums import OrderState

S = OrderState
# How often each state is met among the orders of the last month.
SHARES = {S.COMPLETED: 62, S.RECEIVED: 10, S.SHIPPED: 16, S.TO_FULFIL: 7, S.CLOSED: 4, S.PENDING_PAYMENT: 1}
# The couriers of the parcels.
COURIERS = {"zto": 38, "yto": 30, "sto": 14, "jt": 12, "sf": 6}
AGE = {
    S.PENDING_PAYMENT: (0, 0.4),
    # The promise is 48 hours: some are nearly overdue, a few are.
    S.TO_FULFIL: (1, 56),
    S.SHIPPED: (20, 96),
    S.RECEIVED: (120, 280),
    S.COMPLETED: (300, 720),
    S.CLOSED: (60, 700),
}
FIRST_LETTERS = {"zto": "78", "yto": "YT", "sto": "77", "jt": "JT", "sf": "SF"}


def picture_url(good: Good) -> str:
    """Where the sandbox of the platforms draws it; empty where none runs."""
    sandbox = settings.PLATFORM_SANDBOX_URL
    return f"{sandbox}/pictures/{9000 + GOODS.index(good)}.png" if sandbox else ""


@dataclass(frozen=True)
class Buyer:
    external_id: str
    nickname: str
    person: Person


def buyers() -> list[Buyer]:
    """The same buyers each time; names that are plainly no one's, numbers of a range given to nobody here."""
    return [
        Buyer(
            f"demo-buyer-{number:03d}",
            nickname,
            Person(
                name=RECIPIENTS[number % len(RECIPIENTS)],
                phone=f"1990000{1000 + number:04d}",
                address="".join(place[2:]) + f"演示路 {number + 1} 号 {number % 9 + 1} 幢",
                province=place[0],
                city=place[1],
                # Every other buyer stands behind a virtual number, as platforms give them.
                virtual_phone=f"1990001{1000 + number:04d}-{2000 + number}" if number % 2 == 0 else "",
            ),
        )
        for number, nickname in enumerate(NICKNAMES)
        for place in [PLACES[number % len(PLACES)]]
    ]


class OrderMaker:
    """Makes orders of one shop. `dice` is seeded, so two demos show the same shop."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.dice = random.Random(seed)
        self.buyers = buyers()
        self._count = 0

    def number(self, placed_at: datetime) -> str:
        self._count += 1
        digits = placed_at.astimezone(SHANGHAI).strftime("%y%m%d%H%M")
        return f"{digits}{self.shop.pk % 10}{self._count:05d}"

    def waybill(self, courier: str) -> str:
        letters = FIRST_LETTERS[courier]
        return letters + "".join(self.dice.choice("0123456789") for _ in range(14 - len(letters)))

    def past(self, count: int) -> list[NormalOrder]:
        """The last thirty days."""
        states = self.dice.choices(list(SHARES), weights=list(SHARES.values()), k=count)
        return [self._one(state) for state in states]

    def _one(self, state: OrderState) -> NormalOrder:
        low, high = AGE[state]
        placed_at = now() - timedelta(hours=self.dice.uniform(low, high))
        good = self.dice.choice([good for good in GOODS if good.category_class == "normal"])
        order = self.order(self.dice.choice(self.buyers), good, placed_at=placed_at, state=state)
        if state in (S.SHIPPED, S.RECEIVED, S.COMPLETED):
            courier = self.dice.choices(list(COURIERS), weights=list(COURIERS.values()))[0]
            order = shipped(order, [NormalPackage(courier, self.waybill(courier))])
        return order

    def order(
        self,
        buyer: Buyer,
        good: Good,
        *,
        placed_at: datetime,
        state: OrderState,
        paid_fen: int | None = None,
        quantity: int = 1,
    ) -> NormalOrder:
        """One order. Without `paid_fen` the shop gives a small discount off the list price."""
        goods_fen = good.price_fen * quantity
        paid = paid_fen or goods_fen - self.dice.choice((0, 0, 300, 500, 1000)) * (goods_fen > 4000)
        # Platforms count in milliseconds at best.
        placed_at = placed_at.replace(microsecond=0)
        number = self.number(placed_at)
        words, host = PROMISES[self._count % len(PROMISES)]
        if paid <= CHEAP_FEN:
            words = (*words, CHEAP_PROMISE)
        is_paid = state != S.PENDING_PAYMENT
        paid_at = placed_at + timedelta(seconds=self.dice.randint(20, 900)) if is_paid else None
        line = NormalLine(
            title=good.title,
            spec=self.dice.choice(good.specs),
            quantity=quantity,
            goods_fen=goods_fen,
            net_fen=paid,
            # As the platform numbers them, so that its own word about the order finds the same line and goods.
            external_id=f"{number}1",
            item_id=f"{9000 + GOODS.index(good)}",
            product_id=f"{9000 + GOODS.index(good)}",
            category_class=good.category_class,
            picture_url=picture_url(good),
        )
        channel = "wechat_pay" if self.shop.platform == Platform.OWN else self.shop.platform
        return NormalOrder(
            number=number,
            placed_at=placed_at,
            state=state,
            lines=[line],
            goods_fen=goods_fen,
            shop_discount_fen=goods_fen - paid,
            paid_fen=paid,
            paid_at=paid_at,
            received_at=placed_at + timedelta(days=4) if state in (S.RECEIVED, S.COMPLETED) else None,
            completed_at=placed_at + timedelta(days=11) if state == S.COMPLETED else None,
            closed_at=placed_at + timedelta(hours=1) if state == S.CLOSED else None,
            ship_by_at=paid_at + timedelta(hours=48) if paid_at else None,
            pay_method="wechat",
            payments=[NormalPayment(channel, f"P{number}", paid, paid_at)] if paid_at else [],
            buyer_id=buyer.external_id,
            buyer_nickname=buyer.nickname,
            recipient=buyer.person,
            benefits=words,
            host_name=host,
            source_updated_at=placed_at,
        )


def shipped(order: NormalOrder, packages: list[NormalPackage]) -> NormalOrder:
    """The same order with its parcels, sent the evening after payment."""
    at = (order.paid_at or order.placed_at) + timedelta(hours=9)
    for package in packages:
        package.shipped_at = min(at, now() - timedelta(minutes=30))
    return replace(order, packages=packages, shipped_at=packages[0].shipped_at)
