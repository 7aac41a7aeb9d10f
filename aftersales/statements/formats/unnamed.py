"""Ledgers that name no refund, only the order or the item: 拼多多's 账务明细 and 京东's 结算表; 抖店's 结算账单 stands
with its other bills.

They are read and kept, and never held against our refunds: one order may have several, and which of them a row means
would be a guess. Neither do they cover a day, so that no refund of ours is missing in them.
"""

from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import RowKind
from aftersales.statements.layouts import Layout, Line, cell, moment, needed, register, row_digest, two_sided
from orders.intake import values
from orders.intake.readers import Row
from orders.payments.enums import PayChannel

IN, OUT = "收入金额（+元）", "支出金额（-元）"


def _pinduoduo_ledger(row_no: int, row: Row) -> Line:
    is_out, amount = two_sided(row, IN, OUT)
    kind = RowKind.OTHER if is_out else RowKind.INCOME
    order = values.identifier(cell(row, "商户订单号"), "商户订单号")
    return Line(row_no, row_digest(row), moment(row, "发生时间"), kind, amount, our_number=order)


def _jd_settlement(row_no: int, row: Row) -> Line:
    """The amount has a sign, or its direction stands beside it: both must agree where both are there."""
    amount = needed(values.money(cell(row, "金额"), "金额", "yuan"), "金额")
    way = values.text(cell(row, "收支方向"))
    is_out = amount < 0 or way in ("支出", "出账", "应付")
    if amount < 0 and way in ("收入", "入账", "应收"):
        raise values.BadValue("收支方向", _("it says the opposite of the amount's sign"))
    order = values.identifier(cell(row, "订单编号"), "订单编号")
    kind = RowKind.OTHER if is_out else RowKind.INCOME
    return Line(row_no, row_digest(row), moment(row, "费用发生时间"), kind, abs(amount), our_number=order)


for name, label, channel, columns, read in (
    (
        "pinduoduo_ledger", _("Pinduoduo, account ledger"), PayChannel.PINDUODUO,
        {"商户订单号", "发生时间", IN, OUT, "账务类型"}, _pinduoduo_ledger,
    ),
    (
        "jd_settlement", _("JD, settlement"), PayChannel.JD,
        {"订单编号", "单据编号", "单据类型", "费用发生时间", "费用项", "金额", "收支方向"}, _jd_settlement,
    ),
):  # fmt: skip
    register(Layout(name, label, channel.value, frozenset(columns), read, is_matched=False))
