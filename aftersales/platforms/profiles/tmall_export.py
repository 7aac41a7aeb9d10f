"""天猫's table of refunds as a merchant exports it (39 columns): one row a refund, amounts in yuan.

It names no sub-order: a refund is about the whole order, whose lines are the titles its rows name.
"""

from collections.abc import Sequence

from aftersales.cases.enums import CaseState
from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.profiles import exports
from aftersales.platforms.profiles.base import CaseProfile
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.intake.readers import Row
from orders.intake.registry import register_profile
from orders.intake.values import identifier, moment, name_of_person, text
from orders.payments.enums import PayChannel
from orders.record.enums import OrderState

STATES: dict[str, CaseState] = {
    "买家已经申请退款,等待卖家同意": CaseState.APPLIED,
    "等待卖家同意": CaseState.APPLIED,
    "卖家已经同意退款,等待买家退货": CaseState.WAIT_BUYER_RETURN,
    "等待买家退货": CaseState.WAIT_BUYER_RETURN,
    "买家已经退货,等待卖家确认收货": CaseState.WAIT_SELLER_RECEIVE,
    "等待卖家确认收货": CaseState.WAIT_SELLER_RECEIVE,
    "卖家拒绝退款": CaseState.REFUSED,
    "卖家不同意协议,等待买家修改": CaseState.REFUSED,
    "退款关闭": CaseState.CLOSED,
    "退款成功": CaseState.SUCCESS,
}
APPLIED, DONE, PAID_AT = "退款的申请时间", "退款完结时间", "订单付款时间"
AMOUNT, PAID = "买家退款金额", "买家实际支付金额"
STEPS = (APPLIED, "买家退货时间", DONE, "完结时间")
RECEIVED = ("买家已收到货", "已收到货", "买家已退货", "已退货")


class TmallExport(CaseProfile):
    name = "tmall_refund_export"
    titles = {"en": "Tmall refunds export", "zh": "天猫退款单导出"}
    signature = frozenset({"订单编号", "退款编号", AMOUNT, APPLIED, "退款状态", "是否需要退货"})
    known_columns = frozenset(
        {PAID_AT, DONE, PAID, *STEPS, "商家编码", "买家会员名称", "宝贝标题", "货物状态", "发货物流信息", "超时时间",
         "买家退款原因", "售中或售后"}
    )  # fmt: skip
    order_column = "订单编号"
    number_column = "退款编号"

    def snapshot(self, row: Row, *, is_shipped: bool | None) -> PlatformCase:
        state = exports.word(row, "退款状态", STATES)
        exports.needed(text(row.get(AMOUNT)), AMOUNT)
        amount = exports.yuan(row, AMOUNT)
        is_paid = state == CaseState.SUCCESS and amount > 0
        case_number = exports.number(row, "退款编号")
        was_sent = _was_sent(row) if is_shipped is None else is_shipped
        return PlatformCase(
            number=case_number,
            order_number=exports.number(row, "订单编号"),
            kind=exports.refund_kind(is_return=text(row.get("是否需要退货")) in exports.YES, is_shipped=was_sent),
            state=state,
            amount_fen=amount,
            version=exports.version(row, STEPS),
            status=text(row.get("退款状态")),
            reason=text(row.get("买家退款原因")),
            applied_at=moment(row.get(APPLIED), APPLIED),
            deadline=moment(row.get("超时时间"), "超时时间") if state == CaseState.APPLIED else None,
            paid_fen=amount if is_paid else None,
            paid_at=next(iter(exports.times(row, (DONE, "完结时间"))), None),
            channel_number=case_number,
        )

    def order(self, rows: Sequence[Row]) -> NormalOrder:
        row = rows[0]
        number = exports.number(row, "订单编号")
        paid_at = exports.needed(moment(row.get(PAID_AT), PAID_AT), PAID_AT)
        # Each row repeats what the buyer paid for what it is about; rows of one title are refunds of the same thing.
        lines = {(text(each.get("宝贝标题")), text(each.get("商家编码"))): each for each in rows}
        amounts = [exports.yuan(each, PAID) for each in lines.values()]
        is_sent = any(map(_was_sent, rows))
        flow = identifier(row.get("支付宝交易号"), "支付宝交易号") or number
        return NormalOrder(
            number=number,
            placed_at=paid_at,
            state=OrderState.SHIPPED if is_sent else OrderState.TO_FULFIL,
            lines=[
                NormalLine(title=title, net_fen=amount, item_id=code or title, sku_code=code)
                for ((title, code), amount) in zip(lines, amounts, strict=True)
            ],
            paid_fen=sum(amounts),
            paid_at=paid_at,
            shipped_at=paid_at if is_sent else None,
            payments=[NormalPayment(PayChannel.TAOBAO, flow, sum(amounts), paid_at)],
            buyer_id=name_of_person(row.get("买家会员名称")),
            buyer_nickname=name_of_person(row.get("买家会员名称")),
        )

    def packages(self, row: Row) -> list[NormalPackage]:
        """None: the column of the way out is a sentence, and the other names the buyer's return."""
        return []


def _was_sent(row: Row) -> bool:
    return bool(text(row.get("发货物流信息"))) or text(row.get("货物状态")) in RECEIVED


register_profile(TmallExport())
