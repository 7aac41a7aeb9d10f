"""The statements of 微信小店 (视频号): 资金流水."""

from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import RowKind
from aftersales.statements.layouts import Layout, Line, cell, fen, moment, needed, register
from orders.intake import values
from orders.intake.readers import Row
from orders.payments.enums import PayChannel


def _wechat_shop_flow(row_no: int, row: Row) -> Line:
    """A refund names its after-sale: that is the channel's number of it. Nothing else is called one."""
    after_sale = values.identifier(cell(row, "关联售后单号"), "关联售后单号")
    way = needed(values.text(cell(row, "收支类型")), "收支类型")
    is_out = way in ("支出", "出账")
    if not is_out and way not in ("收入", "入账"):
        raise values.BadValue("收支类型", _("“%(value)s” is neither in nor out") % {"value": way[:20]})
    if after_sale and "退款" in values.text(cell(row, "动帐类型", "动账类型")):
        kind = RowKind.REFUND if is_out else RowKind.REFUND_BACK
    else:
        kind = RowKind.OTHER if is_out else RowKind.INCOME
    return Line(
        row_no,
        needed(values.identifier(cell(row, "流水单号"), "流水单号"), "流水单号"),
        moment(row, "记账时间"),
        kind,
        fen(row, "收支金额"),
        channel_number=after_sale,
    )


register(
    Layout(
        "wechat_shop_flow",
        _("WeChat shop, fund flow"),
        PayChannel.WECHAT.value,
        frozenset({"流水单号", "记账时间", "收支类型", "收支金额", "关联订单号", "关联售后单号"}),
        _wechat_shop_flow,
    )
)
