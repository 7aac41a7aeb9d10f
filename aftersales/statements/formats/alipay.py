"""The statements of 支付宝: 账务明细查询."""

from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import RowKind
from aftersales.statements.layouts import Layout, Line, cell, moment, needed, register, two_sided
from orders.intake import values
from orders.intake.readers import Row
from orders.payments.enums import PayChannel

IN, OUT = "收入金额（+元）", "支出金额（-元）"


def _alipay_ledger(row_no: int, row: Row) -> Line:
    """A refund is money that leaves under a kind of business that names one; the flow of the business is the channel's
    number of it, the merchant's number is the one we gave."""
    is_out, amount = two_sided(row, IN, OUT)
    is_refund = "退款" in values.text(cell(row, "业务类型"))
    if is_refund:
        kind = RowKind.REFUND if is_out else RowKind.REFUND_BACK
    else:
        kind = RowKind.OTHER if is_out else RowKind.INCOME
    return Line(
        row_no,
        needed(values.identifier(cell(row, "账务流水号"), "账务流水号"), "账务流水号"),
        moment(row, "发生时间"),
        kind,
        amount,
        channel_number=values.identifier(cell(row, "业务流水号"), "业务流水号"),
        our_number=values.text(cell(row, "商户订单号")),
    )


register(
    Layout(
        "alipay_ledger",
        _("Alipay, account ledger"),
        PayChannel.ALIPAY.value,
        frozenset({"账务流水号", "业务流水号", "商户订单号", "发生时间", IN, OUT, "业务类型"}),
        _alipay_ledger,
        is_end=lambda row: str(row.get("账务流水号", "")).startswith(("#", "合计", "总计")),
    )
)
