"""How the statements of each channel are laid out. Rows become `Line`s; nothing is held against anything here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import RowKind
from merchant.refusals import Refused
from orders.intake import values
from orders.intake.readers import Row, SourceFile, Table, read_tables
from orders.intake.values import BadValue
from orders.payments.enums import PayChannel


@dataclass(frozen=True)
class Line:
    """One movement. `amount_fen` is never negative: the kind says which way."""

    row_no: int
    flow_number: str
    booked_at: datetime
    kind: RowKind
    amount_fen: int
    channel_number: str = ""
    our_number: str = ""


@dataclass(frozen=True)
class Layout:
    """One statement's columns. `is_end(row)` is true from the summary on, where the channel adds one."""

    name: str
    label: Any
    channel: str
    columns: frozenset[str]
    read: Callable[[int, Row], Line]
    is_end: Callable[[Row], bool] = lambda row: False


def _cell(row: Row, *names: str) -> Any:
    """The first of these columns that is there, without WeChat's back-quote in front."""
    for name in names:
        if name in row:
            value = row[name]
            return value.lstrip("`") if isinstance(value, str) else value
    return None


def _needed(value: Any, name: str) -> Any:
    if value in (None, ""):
        raise BadValue(name, _("it is empty"))
    return value


def _moment(row: Row, name: str) -> datetime:
    found = values.moment(_cell(row, name), name)
    return _needed(found, name)


def _fen(row: Row, *names: str) -> int:
    return abs(_needed(values.money(_cell(row, *names), names[0], "yuan"), names[0]))


def _wechat_fund_flow(row_no: int, row: Row) -> Line:
    """资金账单 (WeChat Pay's page on bills): a refund is 支出 of the kind 退款, named by the channel's refund id."""
    what, way = values.text(_cell(row, "业务类型")), values.text(_cell(row, "收支类型"))
    if what == "退款":
        kind = RowKind.REFUND if way == "支出" else RowKind.REFUND_BACK
    else:
        kind = RowKind.INCOME if way == "收入" else RowKind.OTHER
    return Line(
        row_no,
        _needed(values.identifier(_cell(row, "资金流水单号"), "资金流水单号"), "资金流水单号"),
        _moment(row, "记账时间"),
        kind,
        _fen(row, "收支金额(元)", "收支金额（元）"),
        channel_number=values.identifier(_cell(row, "微信支付业务单号"), "微信支付业务单号"),
        our_number=values.text(_cell(row, "业务凭证号")),
    )


def _douyin_fund_flow(row_no: int, row: Row) -> Line:
    """动账明细 and 资金账单 of 抖店. That 出账 marks money that leaves and that the scene names a refund is our reading
    of the headers; the amount is 订单退款 where it is filled, since one movement may hold fees too."""
    scene, way = values.text(_cell(row, "动账场景")), values.text(_cell(row, "动账方向"))
    is_out = way in ("出账", "支出")
    refund_fen = values.money(_cell(row, "订单退款"), "订单退款", "yuan")
    if "退款" in scene:
        kind = RowKind.REFUND if is_out else RowKind.REFUND_BACK
    else:
        kind = RowKind.OTHER if is_out else RowKind.INCOME
    amount = abs(refund_fen) if refund_fen and "退款" in scene else _fen(row, "动账金额")
    return Line(
        row_no,
        _needed(values.identifier(_cell(row, "动帐流水号"), "动帐流水号"), "动帐流水号"),
        _moment(row, "动账时间"),
        kind,
        amount,
        channel_number=values.identifier(_cell(row, "售后编号"), "售后编号"),
    )


LAYOUTS = (
    Layout(
        "wechat_fund_flow",
        _("WeChat Pay, fund bill"),
        PayChannel.WECHAT_PAY.value,
        frozenset({"记账时间", "微信支付业务单号", "资金流水单号", "业务类型", "收支类型"}),
        _wechat_fund_flow,
        is_end=lambda row: str(row.get("记账时间", "")).startswith("资金流水总笔数"),
    ),
    Layout(
        "douyin_fund_flow",
        _("Douyin, fund bill"),
        "douyin",
        frozenset({"动账时间", "动帐流水号", "动账方向", "动账金额", "动账场景", "售后编号"}),
        _douyin_fund_flow,
    ),
)


def open_statement(name: str, body: bytes) -> tuple[Layout, Table]:
    """Find the layout by its columns. Raises Refused FILE when nothing in the file is a statement we know."""
    for table in read_tables(SourceFile(name, lambda: body)):
        for layout in LAYOUTS:
            if layout.columns <= set(table.header):
                return layout, table
    raise Refused(
        "FILE",
        _("“%(name)s” is no statement we know. Known are: %(known)s.")
        % {"name": name, "known": " · ".join(str(layout.label) for layout in LAYOUTS)},
    )


def lines_of(layout: Layout, table: Table) -> Iterator[Line | tuple[int, str]]:
    """Each row as a Line, or as (row number, why it cannot be read)."""
    for row_no, row in table.rows():
        if layout.is_end(row):
            return
        try:
            yield layout.read(row_no, row)
        except BadValue as error:
            yield row_no, f"{error.field}: {error.why}"
