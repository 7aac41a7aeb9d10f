"""The statements of 抖店."""

from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import RowKind
from aftersales.statements.layouts import Layout, Line, cell, fen, moment, needed, register, row_digest
from orders.intake import values
from orders.intake.readers import Row
from orders.payments.enums import PayChannel


def _douyin_fund_flow(row_no: int, row: Row) -> Line:
    """动账明细 and 资金账单 of 抖店. That 出账 marks money that leaves and that the scene names a refund is our reading
    of the headers; the amount is 订单退款 where it is filled, since one movement may hold fees too."""
    scene, way = values.text(cell(row, "动账场景")), values.text(cell(row, "动账方向"))
    is_out = way in ("出账", "支出")
    refund_fen = values.money(cell(row, "订单退款"), "订单退款", "yuan")
    if "退款" in scene:
        kind = RowKind.REFUND if is_out else RowKind.REFUND_BACK
    else:
        kind = RowKind.OTHER if is_out else RowKind.INCOME
    amount = abs(refund_fen) if refund_fen and "退款" in scene else fen(row, "动账金额")
    return Line(
        row_no,
        needed(values.identifier(cell(row, "动帐流水号"), "动帐流水号"), "动帐流水号"),
        moment(row, "动账时间"),
        kind,
        amount,
        channel_number=values.identifier(cell(row, "售后编号"), "售后编号"),
    )


register(
    Layout(
        "douyin_fund_flow",
        _("Douyin, fund bill"),
        PayChannel.DOUYIN.value,
        frozenset({"动账时间", "动帐流水号", "动账方向", "动账金额", "动账场景", "售后编号"}),
        _douyin_fund_flow,
    )
)


def _douyin_settlement(row_no: int, row: Row) -> Line:
    """结算账单 names no refund: read and kept, never held against ours (`unnamed.py` says why)."""
    amount = needed(values.money(cell(row, "结算金额"), "结算金额", "yuan"), "结算金额")
    order = values.identifier(cell(row, "订单号"), "订单号")
    kind = RowKind.OTHER if amount < 0 else RowKind.INCOME
    return Line(row_no, row_digest(row), moment(row, "结算时间"), kind, abs(amount), our_number=order)


register(
    Layout(
        "douyin_settlement",
        _("Douyin, settlement"),
        PayChannel.DOUYIN.value,
        frozenset({"结算时间", "订单号", "子订单号", "结算金额", "结算单类型"}),
        _douyin_settlement,
        is_matched=False,
    )
)
