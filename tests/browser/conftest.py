"""A shop to look at, a courier to speak with, and people signed in: what the browser tests stand on.

The courier is the sandbox process over real HTTP, its pushes knock at the live server. The platform answers in this
process. Tasks run inline, so what the page shows comes from the real services and from nothing else.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from aftersales.cases.enums import CaseKind, OpenedBy, Origin
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.paying.sending import ask_refund
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from logistics.couriers import registry
from logistics.interception import services as interceptions
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.sandbox.accounts import secrets_of
from logistics.shipping.services import register_package
from logistics.tracking.services import record_events, refresh_track
from merchant.clock import now
from merchant.people.models import User
from merchant.platforms import wire
from merchant.platforms.wechat import client as wechat_pay
from merchant.shops.models import CourierAccount, Shop
from orders.intake.normal import NormalLine, NormalPayment
from orders.record.models import Order
from orders.remarks.services import add_note
from tests.aftersales.world import PlatformWorld
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user
from tests.orders.factories import make_order
from tests.sandboxes import SandboxProcess, start_courier_sandbox

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).resolve().parents[2] / ".shots"
GOODS = (
    ("原木床头小夜灯 触摸三档调光", "暖光·充电款"),
    ("新疆长绒棉毛巾 三条装", "米白、浅灰、豆绿"),
    ("手绘釉下彩饭碗 6 只装", "山茶"),
    ("粗陶马克杯 350ml", "雾蓝"),
    ("亚麻桌布 140×200", "鼠尾草"),
    ("藤编收纳篮 中号", "原色"),
)
NAMES = {"zto": "中通", "yto": "圆通", "sto": "申通", "jt": "极兔"}
WAYBILLS = {
    "zto": "78310042196{:03d}",
    "yto": "YT7420019386{:03d}",
    "sto": "777300421960{:03d}",
    "jt": "JT5200421960{:03d}",
}
BUYERS = ("晚风_77", "小满不吃糖", "river_l", "一只鹅", "木木夕", "甜橙")
CITIES = ("杭州市", "成都市", "南京市", "广州市", "西安市", "苏州市")


@pytest.fixture(scope="session")
def courier_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = start_courier_sandbox(tmp_path_factory.mktemp("courier"), scale=1.0)
    yield process
    process.stop()


@pytest.fixture
def courier(courier_process: SandboxProcess, settings: Any) -> SandboxProcess:
    """The courier sandbox, empty, and our settings pointing at it."""
    courier_process.control("/reset", {})
    settings.COURIER_HOSTS = dict.fromkeys(NAMES, courier_process.url)
    # A request given up on would be sent again by a sweep, and none runs here.
    settings.COURIER_TIMEOUT_S = 60
    return courier_process


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> PlatformWorld:
    """The platforms of tests/aftersales, without sockets."""
    world = PlatformWorld()
    monkeypatch.setattr(wire, "send", world.send)
    monkeypatch.setattr(wechat_pay, "client", lambda account: world)
    return world


def until(is_so: Callable[[], bool], otherwise: str) -> None:
    """Returns when it is so; a slow machine has a minute."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


class Scene:
    """One signed shop of its own channel with people, and orders on the road at the courier sandbox."""

    def __init__(self, courier: SandboxProcess, platform: PlatformWorld, site: str) -> None:
        self.courier, self.platform, self.site = courier, platform, site
        self.shop: Shop = make_shop("own", name="禾木小铺")
        make_platform_account(self.shop, "wechat_pay", secrets={"mchid": "1900000000"})
        self.people: dict[str, User] = {
            role: make_user(role, self.shop, name=name, password="huicang-test-1")
            for role, name in (
                ("agent", "小苏"),
                ("supervisor", "阿禾"),
                ("warehouse", "老黎"),
                ("finance", "青青"),
                ("owner", "掌柜"),
            )
        }
        self.count = 0

    def account(self, code: str) -> CourierAccount:
        found = CourierAccount.objects.filter(shop=self.shop, courier=code).first()
        return found or make_courier_account(self.shop, code, secrets=secrets_of(code), name=NAMES[code])

    def order(self, *, nets: tuple[int, ...] = (8800,), **row: Any) -> Order:
        """A shipped order of a buyer of ours, paid through WeChat Pay."""
        at = self.count % len(GOODS)
        self.count += 1
        at_day = f"{now() - timedelta(days=2):%y%m%d}"
        number = row.pop("number", None) or f"{at_day}21140877{3400 + self.count}"
        row.setdefault("placed_at", now() - timedelta(days=2, minutes=self.count))
        row.setdefault("buyer_id", f"buyer-{at}")
        row.setdefault("buyer_nickname", BUYERS[at])
        title, spec = GOODS[at]
        lines = [
            NormalLine(
                title=title,
                quantity=1,
                goods_fen=net + (2000 if position == 1 else 0),
                net_fen=net,
                external_id=f"{number}-{position}",
                item_id=f"goods-{at}",
                spec=spec,
            )
            for position, net in enumerate(nets, start=1)
        ]
        paid = sum(nets) + row.get("freight_fen", 0)
        order = make_order(
            self.shop,
            number=number,
            nets=nets,
            shop_discount_fen=1500,
            subsidy_fen=500,
            lines=lines,
            payments=[NormalPayment("wechat_pay", number, paid)],
            **row,
        )
        self.platform.control.add_trade(out_trade_no=number, total_fen=paid)
        return order

    def parcel(self, order: Order, *, code: str = "zto", start: str = "in_transit", waybill: str = "") -> Package:
        """The order's parcel, made at the sandbox at a point of its road, its track read once."""
        waybill = waybill or WAYBILLS[code].format(self.count)
        account = self.account(code)
        told = {
            "courier": code,
            "waybill": waybill,
            # The courier takes a request to stop and then does nothing by itself: the test says what happens.
            "script": "silent",
            "hold": True,
            "start": start,
            "age_s": 86_400,
            "sender_city": "武汉市",
            "receiver_city": CITIES[self.count % len(CITIES)],
            "push_url": f"{self.site}/push/courier/{account.push_token}/",
        }
        self.courier.control("/parcels", told)
        package = register_package(
            order,
            courier=code,
            waybill=waybill,
            account=account,
            waybill_source="platform_ewaybill",
            shipped_at=now() - timedelta(days=1),
            sender_city="武汉市",
        )
        return refresh_track(package, by=None)

    def case(
        self,
        *,
        nets: tuple[int, ...] = (8800,),
        hours_left: float = 3.7,
        code: str = "zto",
        start: str = "in_transit",
        **more: Any,
    ) -> Case:
        """A buyer's refund-only case with so many hours left, on an order whose parcel is on the road."""
        order = more.pop("order", None) or self.order(nets=nets)
        self.parcel(order, code=code, start=start)
        return cases.apply_case(
            order,
            kind=CaseKind.REFUND_ONLY_SHIPPED,
            amount_fen=more.pop("amount_fen", order.paid_fen),
            reason=more.pop("reason", "拍错颜色"),
            by=None,
            origin=Origin.OWN,
            opened_by=OpenedBy.BUYER,
            applied_at=now() - timedelta(hours=48 - hours_left),
        )

    def note(self, order: Order, text: str, flag: int | None = None) -> None:
        add_note(order, text=text, flag=flag, by=self.people["agent"])

    def courier_does(self, case: Case, verb: str) -> None:
        """The courier acts on the case's parcel and pushes what happened; then it is asked, as the poller would."""
        package = Package.objects.select_related("account").get(order=case.order)
        # The page may show the request before the courier's answer is written down; only a scan after that proves a stop.
        asked = Interception.objects.filter(package=package, state=InterceptionState.SUBMITTED)
        until(lambda: not asked.exists(), "the courier's answer was never written down")
        self.courier.control(f"/parcels/{package.waybill}/advance", {"to": verb})
        # The live server has answered every push, so whatever it did about them is done: nothing is done twice at once.
        until(lambda: not self.courier.control("/stats")["pushes"].get("open"), "a push was never answered")
        adapter = registry.get(package.courier)
        events = adapter.track(package.account, package.waybill, "")
        record_events({package.pk: events}, checked_at=now())
        status = None
        if adapter.capabilities.can_query_state:
            status = adapter.query_intercept(package.account, package.waybill)
        interceptions.weigh_evidence(package.pk, status=status)

    def money_arrives(self) -> None:
        """The channel has paid; every refund under way asks, as the sweep would."""
        self.platform.let_money_arrive()
        for refund in Refund.objects.filter(state=RefundState.PROCESSING):
            ask_refund(refund, by=None)


@pytest.fixture
def scene(live_server: Any, courier: SandboxProcess, platform: PlatformWorld, settings: Any) -> Scene:
    settings.SITE_URL = live_server.url
    return Scene(courier, platform, live_server.url)


@pytest.fixture
def enter(live_server: Any) -> Callable[[Any, User], None]:
    """Sign a person in in this window, without the form (the form has a test of its own)."""

    def sign_in(page: Any, user: User) -> None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
        )

    return sign_in
