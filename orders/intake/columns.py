"""Columns of a file mapped by hand: what one can be, a guess by the names we know, and the layout that comes of it.

Pure: no database. A layout made here names only columns its file has, so another file without them is told which.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.record.enums import OrderState

# field → (words for people, section and name in the layout). "address" may be several columns, in their order.
FIELDS: Mapping[str, tuple[Any, str, str]] = {
    "number": (_("Order number"), "order", "number"),
    "placed_at": (_("Time the order was placed"), "order", "placed_at"),
    "paid_at": (_("Time it was paid"), "order", "paid_at"),
    "state": (_("Order status"), "order", "state"),
    "paid": (_("What the buyer paid, freight included"), "order", "paid_fen"),
    "freight": (_("Freight"), "order", "freight_fen"),
    "title": (_("Product title"), "line", "title"),
    "spec": (_("Specification"), "line", "spec"),
    "sku": (_("Merchant's product code"), "line", "sku_code"),
    "quantity": (_("Quantity"), "line", "quantity"),
    "unit": (_("Unit price"), "line", "unit_fen"),
    "line_id": (_("Sub-order number"), "line", "external_id"),
    "name": (_("Recipient"), "recipient", "name"),
    "phone": (_("Phone"), "recipient", "phone"),
    "province": (_("Province"), "recipient", "province"),
    "city": (_("City"), "recipient", "city"),
    "address": (_("Address"), "recipient", "address"),
    "courier": (_("Courier"), "package", "courier"),
    "waybill": (_("Tracking number"), "package", "waybill"),
    "shipped_at": (_("Time it was sent"), "order", "shipped_at"),
    "completed_at": (_("Time it was completed"), "order", "completed_at"),
    "buyer": (_("Buyer's nickname"), "order", "buyer_nickname"),
    "buyer_note": (_("Buyer's message"), "order", "buyer_note"),
    "seller_note": (_("Seller's remark"), "order", "seller_note"),
}
NEEDED = ("number", "placed_at")
DATES = (
    ("", _("begins with the year, or is a spreadsheet's date")),
    ("mdy", _("month/day/year")),
    ("dmy", _("day/month/year")),
    ("ymd", _("year/month/day, the year of two digits")),
)
# What a row is, and what an amount in it means.
ORDER_ROWS, LINE_ROWS, LINE_ROWS_WHOLE = "order", "line", "line_whole"
GRAINS = (
    (ORDER_ROWS, _("one order")),
    (LINE_ROWS, _("one product of an order, with its own amount")),
    (LINE_ROWS_WHOLE, _("one product of an order, and the order's amount is repeated in each row")),
)
UNITS = (("yuan", _("yuan")), ("fen", _("fen")))


@dataclass(frozen=True)
class Choices:
    """What was chosen: {column: field}, and how rows, amounts and dates are to be read."""

    columns: Mapping[str, str]
    grain: str = ORDER_ROWS
    money: str = "yuan"
    dates: str = ""
    states: Mapping[str, str] = field(default_factory=dict)


def faults(choices: Choices) -> list[Any]:
    """What keeps the choices from being a layout, in words."""
    given = [name for name in choices.columns.values() if name]
    found: list[Any] = [
        _("Choose the column of: %(field)s.") % {"field": FIELDS[name][0]} for name in NEEDED if name not in given
    ]
    found += [
        _("Two columns are chosen as: %(field)s.") % {"field": FIELDS[name][0]}
        for name in FIELDS
        if name != "address" and given.count(name) > 1
    ]
    if "paid" in given and "paid_at" not in given and "state" not in given:
        found.append(_("Choose the time it was paid too: without it the order counts as unpaid."))
    if "courier" in given and "waybill" not in given:
        found.append(_("Choose the column of: %(field)s.") % {"field": FIELDS["waybill"][0]})
    return found


def body_of(choices: Choices, *, name: str, title: str, platform: str = "") -> dict[str, Any]:
    """The layout (orders.intake.profile) of these choices, which have no faults."""
    of = {name: column for column, name in choices.columns.items() if name}
    is_by_line = choices.grain != ORDER_ROWS
    body: dict[str, Any] = {
        "name": name,
        "title": {"en": title, "zh": title},
        "money": choices.money,
        "dates": choices.dates,
        "grain": "line" if is_by_line else "order",
        "signature": sorted({of[each] for each in ("number", "placed_at", "paid") if each in of}),
        "ignored": sorted(column for column, chosen in choices.columns.items() if not chosen),
        "order": {},
        "recipient": {},
        "line": {},
        "package": {},
    }
    if platform:
        body["platform"] = body["channel"] = platform
    for key, column in of.items():
        _words, section, spec = FIELDS[key]
        body[section][spec] = column
    for key in ("paid", "freight"):
        if key in of and is_by_line:
            each = choices.grain == LINE_ROWS
            body["order"][FIELDS[key][2]] = {"sum": f"rows.{of[key]}"} if each else {"from": of[key], "same": True}
    if "paid" in of and choices.grain == LINE_ROWS:
        minus = [of["freight"]] if "freight" in of else []
        body["line"]["net_fen"] = {"from": of["paid"], "minus": minus}
    if "state" in of:
        body["order"]["state"] = {"from": of["state"], "map": {**known_states(), **choices.states}}
    parts = [of[key] for key in ("province", "city") if key in of]
    parts += [column for column, chosen in choices.columns.items() if chosen == "address"]
    if parts:
        body["recipient"]["address"] = {"concat": parts}
    if body["line"] and (item := of.get("sku") or of.get("line_id") or of.get("title")):
        body["line"]["item_id"] = item
    if "waybill" in of:
        body["package"]["rows"] = "line"
        if "shipped_at" in of:
            body["package"]["shipped_at"] = of["shipped_at"]
    return {key: value for key, value in body.items() if value not in ("", {}, [])}


def states_of(text: str) -> tuple[dict[str, str], list[str]]:
    """({word: state}, lines that are none) of lines like 「已出库 = 已发货」."""
    names = {str(label): str(value) for value, label in OrderState.choices} | {str(s): str(s) for s in OrderState}
    names |= {word: state for word, state in known_states().items() if word not in names}
    found: dict[str, str] = {}
    wrong: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        word, sign, state = (part.strip() for part in line.replace("＝", "=").partition("="))
        if sign and word and state in names:
            found[word] = names[state]
        else:
            wrong.append(line.strip()[:40])
    return found, wrong


_known: dict[str, str] = {}
_names: dict[str, str] = {}


def learn(bodies: Iterable[Mapping[str, Any]]) -> None:
    """Take what our own layouts call things: called once, when they are loaded."""
    fields = {(section, spec): key for key, (_words, section, spec) in FIELDS.items()}
    for body in bodies:
        for section in ("order", "recipient", "line", "package"):
            for spec, column in body.get(section, {}).items():
                key = fields.get((section, spec))
                for name in _columns(column) if key else ():
                    _names.setdefault(_bare(name), str(key))
        state = body["order"].get("state")
        if isinstance(state, Mapping):
            words = {word: found for word, found in state.get("map", {}).items() if word != "*" and "|" not in word}
            _known.update({word: found for word, found in words.items() if not word.isascii()})


def known_states() -> dict[str, str]:
    return dict(_known)


def guess(header: Sequence[str]) -> dict[str, str]:
    """{column: field} by the names other exports use; each field once, an unknown column is ""."""
    found: dict[str, str] = {}
    for column in header:
        key = _names.get(_bare(column)) or OTHER_NAMES.get(_bare(column), "")
        found[column] = key if key == "address" or key not in found.values() else ""
    return found


def _columns(spec: Any) -> list[str]:
    if isinstance(spec, str):
        return [spec]
    if isinstance(spec, list):
        return [name for name in spec if isinstance(name, str)]
    if isinstance(spec, Mapping):
        if "concat" in spec:
            return [spec["concat"][-1]]
        if "sum" in spec:
            return [str(spec["sum"]).partition(".")[2]]
        return _columns(spec.get("from", []))
    return []


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


OTHER_NAMES = {
    name: key
    for key, names in {
        "number": "单号 订单id orderid orderno ordernumber",
        "placed_at": "下单时间 下单 创建时间 orderdate date",
        "paid_at": "付款时间 支付时间",
        "state": "状态 status",
        "paid": "实付 实付金额 支付金额 amount 总额",
        "freight": "邮费 快递费",
        "title": "品名 商品 商品名 product",
        "spec": "规格",
        "quantity": "数量 件数 qty quantity",
        "unit": "单价 price",
        "sku": "sku 货号",
        "name": "收件人 收货人 姓名 name",
        "phone": "手机 手机号 电话 联系电话 phone",
        "province": "省 省份",
        "city": "市 城市",
        "address": "区 区县 街道 地址 详细地址 address",
        "courier": "快递 快递公司 物流公司",
        "waybill": "运单 运单号 快递单号 物流单号",
        "shipped_at": "发货时间",
        "buyer": "买家昵称",
        "seller_note": "备注",
    }.items()
    for name in names.split()
}
