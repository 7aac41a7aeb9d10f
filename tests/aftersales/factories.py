"""Cases and refunds for tests, walked there through the platform's wire, the intake and the real services."""

from typing import Any

from aftersales.cases.enums import CaseKind
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.paying import payouts, sending
from aftersales.platforms import intake
from aftersales.refunds.models import Refund
from logistics.interception import services as interceptions
from logistics.interception.enums import Evidence
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from merchant.attachments.services import read_files
from merchant.clock import SHANGHAI, now
from merchant.people.models import User
from merchant.shops.models import PlatformAccount, Shop
from orders.intake.normal import NormalPayment
from orders.record.enums import OrderState
from orders.record.models import Order
from tests.aftersales.world import DOUYIN, KUAISHOU, PlatformWorld
from tests.logistics.factories import make_package
from tests.merchant.factories import make_platform_account, make_shop, make_user, photo_upload
from tests.orders.factories import make_order, order_row


def kuaishou_shop(**fields: Any) -> Shop:
    """A signed Kuaishou shop connected to the platform of the test."""
    shop = make_shop("kuaishou", **fields)
    make_platform_account(shop, "kuaishou", **KUAISHOU)
    return shop


def douyin_shop(**fields: Any) -> Shop:
    """A signed Douyin shop connected to the platform of the test."""
    shop = make_shop("douyin", **fields)
    make_platform_account(shop, "douyin", **DOUYIN)
    return shop


def own_shop(**fields: Any) -> Shop:
    """A signed shop of its own channel, paid through WeChat Pay."""
    shop = make_shop("own", **fields)
    make_platform_account(shop, "wechat_pay", secrets={"mchid": "1900000000"})
    return shop


def account_of(shop: Shop) -> PlatformAccount:
    return PlatformAccount.objects.get(shop=shop, platform=shop.platform)


def agent_of(shop: Shop, role: str = "agent") -> User:
    return make_user(role, shop)


def shipped_order(platform: PlatformWorld, shop: Shop, *, nets: tuple[int, ...] = (8800,), **row: Any) -> Order:
    """A paid order that the platform and we both have; shipped unless `state` says otherwise, without its parcel."""
    wanted = order_row(nets=nets, **row)
    if shop.platform == "own":
        wanted.payments = [NormalPayment("wechat_pay", wanted.number, wanted.paid_fen or 0)]
        platform.control.add_trade(out_trade_no=wanted.number, total_fen=wanted.paid_fen or 0)
    else:
        if shop.platform == "douyin":
            wanted.payments = [NormalPayment("douyin", f"DY{wanted.number}", wanted.paid_fen or 0)]
        status = 40 if wanted.state == OrderState.SHIPPED else 30
        # One item an order on this platform; our lines carry its sub-order numbers.
        for position, line in enumerate(wanted.lines):
            line.external_id = str(int(wanted.number) * 10 + position)
        item = {"order_item_id": int(wanted.lines[0].external_id), "price": wanted.lines[0].goods_fen}
        platform.control.add_order(
            oid=wanted.number,
            total_fee=wanted.paid_fen or 0,
            express_fee=wanted.freight_fen,
            status=status,
            item=item,
            app_key=DOUYIN["app_key"] if shop.platform == "douyin" else "",
        )
    fields = {name: getattr(wanted, name) for name in ("number", "freight_fen", "payments", "lines")}
    return make_order(shop, nets=nets, **{**row, **fields})


def case_of(
    platform: PlatformWorld,
    shop: Shop | None = None,
    *,
    nets: tuple[int, ...] = (8800,),
    amount_fen: int | None = None,
    parcel: str | None = PackageState.IN_TRANSIT,
    courier: str = "zto",
    order: Order | None = None,
    reason: str = "不想要了",
    **row: Any,
) -> Case:
    """A buyer's refund-only case on a shipped order with one parcel in `parcel` (None: no parcel).

    On a Kuaishou shop it comes over the platform's wire and through the intake; on an own shop the buyer applies."""
    shop = shop or (order.shop if order is not None else kuaishou_shop())
    order = order or shipped_order(platform, shop, nets=nets, **row)
    if parcel is not None:
        make_package(courier, state=parcel, order=order)
    if shop.platform != "own":
        found = platform.control.add_refund(oid=order.number, refund_fee=amount_fen or 0, reason=reason, push=False)
        return intake.re_read(account_of(shop), str(found["refundId"]))
    kind = CaseKind.REFUND_ONLY_SHIPPED if order.is_sent else CaseKind.REFUND_ONLY_UNSHIPPED
    return cases.apply_case(order, kind=kind, amount_fen=amount_fen or order.paid_fen, reason=reason, by=None)


def package_of(case: Case) -> Package:
    return Package.objects.get(order=case.order)


def intercepting(case: Case, *, by: Any = None) -> Interception:
    """The case with its interception registered at the courier."""
    cases.intercept_case(case, by=by)
    case.refresh_from_db()
    assert case.interception is not None
    return interceptions.accept_interception(case.interception, external_ref="WO-1")


def stop(case: Case, *, evidence: str = Evidence.STATUS) -> Interception:
    """The courier stops the parcel: evidence on the closed list unless told otherwise."""
    case.refresh_from_db()
    assert case.interception is not None
    return interceptions.succeed_interception(case.interception, by=None, evidence=evidence)


def refund_of(case: Case) -> Refund:
    return Refund.objects.get(case=case)


def a_minute_later(case: Case) -> Refund:
    """The refund's next step comes due, and the sweep takes it."""
    Refund.objects.filter(case=case, next_at__isnull=False).update(next_at=now())
    sending.sweep_refunds()
    return Refund.objects.filter(case=case).latest("pk")


def file_payout(refund: Refund, *, by: Any, reference: str = "BK-1") -> Refund:
    """The whole sum paid by bank today, with a picture of the slip."""
    today = now().astimezone(SHANGHAI).date()
    return payouts.file_payout(
        refund,
        by=by,
        proof={"method": "bank", "reference": reference},
        amount_fen=refund.amount_fen,
        paid_on=today,
        files=read_files([photo_upload()], allows_pdf=True),
    )
