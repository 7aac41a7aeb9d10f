"""What a quick reply may name, and how it is filled from the open order and case.

Filled in the house's language, whatever the agent reads in: the buyer reads it. The recipient's name, phone and
address are no variables, and a phone number inside a courier's text is masked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from aftersales.refunds import arrivals
from aftersales.refunds.models import Refund
from cs_workbench.cases.action import Action
from cs_workbench.orders.cards import Card, Parcel
from logistics.couriers.names import courier_name
from merchant.clock import SHANGHAI
from merchant.refusals import Refused
from merchant.ui.formatting import money
from merchant.vault.raw_masking import mask_value

NAMED = re.compile(r"\{([^{}\n]{1,24})\}")
WIDE_BRACES = str.maketrans("｛｝", "{}")


@dataclass(frozen=True)
class Variable:
    """`code` is its English name, `zh` its Chinese one; both are understood in every text."""

    code: str
    zh: str
    hint: Any

    @property
    def name(self) -> str:
        """As the reader of this page calls it."""
        return self.zh if (get_language() or settings.LANGUAGE_CODE).startswith("zh") else self.code


VARIABLES = (
    Variable("buyer", "买家昵称", gettext_lazy("nickname on the platform, never the recipient's name")),
    Variable("order", "订单号", gettext_lazy("number of the open order")),
    Variable("courier", "快递公司", gettext_lazy("courier of the parcel")),
    Variable("waybill", "运单号", gettext_lazy("tracking number of the parcel")),
    Variable("parcel", "包裹状态", gettext_lazy("where the parcel is, in one word")),
    Variable("scan", "最新轨迹", gettext_lazy("text of the last scan, phone numbers masked")),
    Variable("scan_time", "轨迹时间", gettext_lazy("time of the last scan")),
    Variable("amount", "退款金额", gettext_lazy("sum of the case, without one of the newest refund")),
    Variable("paid", "实付金额", gettext_lazy("what the buyer paid for the order")),
    Variable("refund", "退款状态", gettext_lazy("state of the newest refund")),
    Variable("arrival", "预计到账", gettext_lazy("when the refund is expected, once it has left")),
    Variable("ship_by", "承诺发货时间", gettext_lazy("promised ship time, while the order waits to be sent")),
    Variable("shop", "店铺名", gettext_lazy("name of the shop")),
    Variable("agent", "客服昵称", gettext_lazy("your own name as colleagues see it")),
)
BY_NAME: dict[str, Variable] = {name: each for each in VARIABLES for name in (each.code, each.zh)}


def find(name: str) -> Variable | None:
    return BY_NAME.get(name.strip())


def in_this_language(text: str) -> str:
    """The same text with its variables under the names this language has for them."""
    return NAMED.sub(lambda found: f"{{{variable.name}}}" if (variable := find(found[1])) else found[0], text)


def check_text(text: str) -> None:
    """Raise Refused("VARIABLE") naming the first thing in braces that cannot be filled, and what exists."""
    for found in NAMED.finditer(text):
        if find(found[1]) is None:
            exist = " ".join(f"{{{each.name}}}" for each in VARIABLES)
            raise Refused(
                "VARIABLE",
                _("There is no variable {%(name)s}. These exist: %(exist)s") % {"name": found[1], "exist": exist},
                name=found[1],
            )
    if "{" in NAMED.sub("", text) or "}" in NAMED.sub("", text):
        raise Refused("VARIABLE", _("A brace stands alone: write a variable as {%(name)s}.") % {"name": _shown()})


def _shown() -> str:
    return BY_NAME["waybill"].name


@dataclass(frozen=True)
class Part:
    text: str
    is_missing: bool = False


@dataclass(frozen=True)
class Filled:
    """A reply for this order. What could not be filled keeps its braces, in the text that is copied too."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def missing(self) -> list[str]:
        """The variables without a value, each once, as the text names them."""
        return list(dict.fromkeys(part.text.strip("{}") for part in self.parts if part.is_missing))


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Put the values in; a variable that is unknown or empty stays, marked as missing."""
    parts, end = [], 0
    for found in NAMED.finditer(text):
        variable = find(found[1])
        value = values.get(variable.code, "") if variable else ""
        parts += [Part(text[end : found.start()]), Part(value or found[0], is_missing=not value)]
        end = found.end()
    parts.append(Part(text[end:]))
    return Filled(tuple(part for part in parts if part.text))


def values_of(card: Card, action: Action | None, *, agent: Any) -> dict[str, str]:
    """Every variable's value for this order as of now; empty where there is none."""
    with override(settings.LANGUAGE_CODE):
        return {code: str(value) for code, value in _values(card, action, agent).items()}


def _values(card: Card, action: Action | None, agent: Any) -> dict[str, Any]:
    order, parcel = card.order, _parcel(card)
    package = parcel.package if parcel else None
    refund = card.refunds[-1] if card.refunds else None
    due = action.case.amount_fen if action else refund.amount_fen if refund else None
    return {
        "buyer": order.buyer.nickname if order.buyer else "",
        "order": order.number,
        "courier": courier_name(package.courier) if package else "",
        "waybill": package.waybill if package else "",
        "parcel": package.get_state_display() if package else "",
        "scan": mask_value("", package.last_text) if package else "",
        "scan_time": moment(package.last_event_at) if package else "",
        "amount": "" if due is None else money(due),
        "paid": money(order.paid_fen) if order.paid_at else "",
        "refund": refund.get_state_display() if refund else "",
        "arrival": _arrival(card, refund),
        "ship_by": moment(order.ship_by_at) if card.order.awaits_shipment else "",
        "shop": order.shop.name,
        "agent": agent,
    }


def _parcel(card: Card) -> Parcel | None:
    """The one that is or was to be stopped, else the first that is on its way."""
    on_way = [parcel for parcel in card.parcels if parcel.package.state != "voided"]
    return next((parcel for parcel in on_way if parcel.interception), on_way[0] if on_way else None)


def _arrival(card: Card, refund: Refund | None) -> str:
    if refund is None or refund.sent_at is None:
        return ""
    refund.order = card.order
    expected = arrivals.estimate(refund, card.rules)
    return expected.text if expected else ""


def moment(at: datetime | None) -> str:
    """11月22日 14:31, as one writes it to a buyer."""
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return _("%(month)d/%(day)d %(time)s") % {"month": local.month, "day": local.day, "time": local.strftime("%H:%M")}
