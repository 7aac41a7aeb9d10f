"""The workbook to fill in by hand: the columns of our own layout, typed as text, so that no number is rounded."""

import io

import xlsxwriter
from django.utils.translation import gettext as _

from orders.intake import registry
from orders.intake.profile import OrderProfile

NAME = "template"
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    "订单号", "下单时间", "付款时间", "订单状态", "实付金额", "运费", "商品名称", "规格", "商家编码", "数量", "单价",
    "收货人", "手机号", "省", "市", "区县", "详细地址", "快递公司", "运单号", "发货时间", "买家昵称",
    "买家留言", "备注",
)  # fmt: skip
ROWS = 2000


def workbook() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
    sheet = book.add_worksheet("订单")
    sheet.set_column(0, len(COLUMNS) - 1, 16, text)
    sheet.write_row(0, 0, COLUMNS, head)
    sheet.freeze_panes(1, 1)
    profile = registry.profile_named(NAME)
    assert isinstance(profile, OrderProfile)
    words = list(profile.body["order"]["state"]["map"])
    at = COLUMNS.index("订单状态")
    sheet.data_validation(1, at, ROWS, at, {"validate": "list", "source": words})
    notes = book.add_worksheet("说明")
    notes.set_column(0, 0, 90)
    lines = (
        _("One row a product; rows of one order carry the same order number."),
        _("Amounts in yuan, each row its own; what the buyer paid includes the freight of that row."),
        _("Times as 2026-03-17 20:35:42, in Beijing time; without a time of payment the order counts as unpaid."),
        _("Do not merge cells."),
    )
    for row, line in enumerate(lines):
        notes.write_string(row, 0, str(line))
    book.close()
    return out.getvalue()
