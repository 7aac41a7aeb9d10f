"""The statements of 微信支付."""

from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import RowKind
from aftersales.statements.layouts import Layout, Line, cell, fen, moment, needed, register
from orders.intake import values
from orders.intake.readers import Row
from orders.payments.enums import PayChannel


def _wechat_fund_flow(row_no: int, row: Row) -> Line:
    """资金账单 (WeChat Pay's page on bills): a refund is 支出 of the kind 退款, named by the channel's refund id."""
    what, way = values.text(cell(row, "业务类型")), values.text(cell(row, "收支类型"))
    if what == "退款":
        kind = RowKind.REFUND if way == "支出" else RowKind.REFUND_BACK
    else:
        kind = RowKind.INCOME if way == "收入" else RowKind.OTHER
    return Line(
        row_no,
        needed(values.identifier(cell(row, "资金流水单号"), "资金流水单号"), "资金流水单号"),
        moment(row, "记账时间"),
        kind,
        fen(row, "收支金额(元)", "收支金额（元）"),
        channel_number=values.identifier(cell(row, "微信支付业务单号"), "微信支付业务单号"),
        our_number=values.text(cell(row, "业务凭证号")),
    )


register(
    Layout(
        "wechat_fund_flow",
        _("WeChat Pay, fund bill"),
        PayChannel.WECHAT_PAY.value,
        frozenset({"记账时间", "微信支付业务单号", "资金流水单号", "业务类型", "收支类型"}),
        _wechat_fund_flow,
        is_end=lambda row: str(row.get("记账时间", "")).startswith("资金流水总笔数"),
    )
)
