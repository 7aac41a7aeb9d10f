"""抖店's after-sale table as a merchant exports it (50 columns): one row an after-sale, amounts in yuan."""

from collections.abc import Sequence

from aftersales.cases.enums import CaseKind, CaseState
from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.profiles import exports
from aftersales.platforms.profiles.base import CaseProfile
from merchant.carriers import waybills
from merchant.carriers.registry import code_of
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.intake.readers import Row
from orders.intake.registry import register_profile
from orders.intake.values import identifier, moment, text
from orders.payments.enums import PayChannel
from orders.record.enums import OrderState

KINDS: dict[str, CaseKind | None] = {
    "退货退款": CaseKind.RETURN_REFUND,
    "仅退款": None,
    "退款": None,
    "未发货仅退款": CaseKind.REFUND_ONLY_UNSHIPPED,
    "未发货退款": CaseKind.REFUND_ONLY_UNSHIPPED,
    "已发货仅退款": CaseKind.REFUND_ONLY_SHIPPED,
    "换货": CaseKind.EXCHANGE,
    "补寄": CaseKind.RESEND,
    "维修": CaseKind.REPAIR,
}
STATES: dict[str, CaseState] = {
    "待商家处理": CaseState.APPLIED,
    "待商家审核": CaseState.APPLIED,
    "待买家退货": CaseState.WAIT_BUYER_RETURN,
    "待买家寄回": CaseState.WAIT_BUYER_RETURN,
    "待商家收货": CaseState.WAIT_SELLER_RECEIVE,
    "待商家发货": CaseState.WAIT_SELLER_RESEND,
    "待买家收货": CaseState.WAIT_BUYER_RECEIVE,
    "退款中": CaseState.REFUNDING,
    "退款成功": CaseState.SUCCESS,
    "售后成功": CaseState.SUCCESS,
    "商家已拒绝": CaseState.REFUSED,
    "拒绝售后申请": CaseState.REFUSED,
    "售后关闭": CaseState.CLOSED,
    "已关闭": CaseState.CLOSED,
}
SENT = ("已发货", "部分发货", "已签收", "已收货")
GOODS, FREIGHT = "退商品金额（元）", "退运费金额（元）"
PAID, PAID_FREIGHT = "应付金额（元）", "商品运费（元）"
APPLIED = "售后申请时间"
STEPS = (APPLIED, "同意售后申请时间", "退货发货时间", "商家退款时间", "用户到账时间", "售后关闭时间", "售后完结时间")


class DouyinExport(CaseProfile):
    """What is refunded is the goods and the freight; what the platform takes back of its own discounts is its own."""

    name = "douyin_aftersale_export"
    titles = {"en": "Douyin after-sales export", "zh": "抖店售后单导出"}
    signature = frozenset({"售后单号", "订单号", "商品单号", "售后类型", "售后状态", GOODS, APPLIED})
    known_columns = frozenset(
        {FREIGHT, PAID, PAID_FREIGHT, *STEPS, "商品名称", "商品ID", "商品发货状态", "售后原因", "自动处理截止时间",
         "发货物流单号", "商家编码"}
    )  # fmt: skip
    order_column = "订单号"
    number_column = "售后单号"

    def snapshot(self, row: Row, *, is_shipped: bool | None) -> PlatformCase:
        kind = exports.word(row, "售后类型", KINDS)
        was_sent = text(row.get("商品发货状态")) in SENT if is_shipped is None else is_shipped
        kind = kind or exports.refund_kind(is_return=False, is_shipped=was_sent)
        state = exports.word(row, "售后状态", STATES)
        is_money = kind not in (CaseKind.EXCHANGE, CaseKind.RESEND, CaseKind.REPAIR)
        if is_money:
            exports.needed(text(row.get(GOODS)), GOODS)
        freight = exports.yuan(row, FREIGHT)
        amount = exports.yuan(row, GOODS) + freight
        paid_at = next(iter(exports.times(row, ("用户到账时间", "商家退款时间", "售后完结时间"))), None)
        is_paid = is_money and state == CaseState.SUCCESS and amount > 0
        case_number = exports.number(row, "售后单号")
        return PlatformCase(
            number=case_number,
            order_number=exports.number(row, "订单号"),
            kind=kind,
            state=state,
            amount_fen=amount,
            freight_fen=freight,
            version=exports.version(row, STEPS),
            status=text(row.get("售后状态")),
            reason=text(row.get("售后原因")),
            line_ids=(exports.number(row, "商品单号"),),
            applied_at=moment(row.get(APPLIED), APPLIED),
            deadline=moment(row.get("自动处理截止时间"), "自动处理截止时间") if state == CaseState.APPLIED else None,
            paid_fen=amount if is_paid else None,
            paid_at=paid_at,
            channel_number=case_number,
        )

    def order(self, rows: Sequence[Row]) -> NormalOrder:
        """The rows name neither when the order was placed nor when it was paid: before its first after-sale."""
        first = exports.needed(min(exports.times_of(rows, APPLIED), default=None), APPLIED)
        lines = {exports.number(row, "商品单号"): row for row in rows}
        paid = sum(exports.yuan(row, PAID) for row in lines.values())
        freight = sum(exports.yuan(row, PAID_FREIGHT) for row in lines.values())
        packages = [package for row in rows for package in self.packages(row)]
        is_sent = bool(packages) or any(text(row.get("商品发货状态")) in SENT for row in rows)
        number = exports.number(rows[0], "订单号")
        return NormalOrder(
            number=number,
            placed_at=first,
            state=OrderState.SHIPPED if is_sent else OrderState.TO_FULFIL,
            lines=[
                NormalLine(
                    title=text(row.get("商品名称")),
                    net_fen=exports.yuan(row, PAID) - exports.yuan(row, PAID_FREIGHT),
                    external_id=external_id,
                    item_id=text(row.get("商家编码")) or external_id,
                    product_id=identifier(row.get("商品ID"), "商品ID"),
                    sku_code=text(row.get("商家编码")),
                )
                for external_id, row in lines.items()
            ],
            paid_fen=paid,
            freight_fen=freight,
            paid_at=first,
            shipped_at=first if is_sent else None,
            payments=[NormalPayment(PayChannel.DOUYIN, number, paid, first)],
            packages=list({package.waybill: package for package in packages}.values()),
        )

    def packages(self, row: Row) -> list[NormalPackage]:
        found, _strange = waybills.numbers_in(identifier(row.get("发货物流单号"), "发货物流单号"))
        return [NormalPackage(code_of("", waybill), waybill) for waybill in found]


register_profile(DouyinExport())
