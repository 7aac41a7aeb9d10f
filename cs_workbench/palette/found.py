"""What one word leads to: orders, cases, parcels and buyers, each by the door its own page has."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.cases.models import Case
from cs_workbench.orders import search
from logistics.couriers.names import courier_name
from logistics.parcels.models import Package
from merchant.people.visibility import shops_of
from merchant.ui.formatting import money
from orders.buyers.models import Buyer
from orders.record.models import Order

SIZE = 8


@dataclass(frozen=True)
class Hit:
    kind: str
    label: str
    note: str
    url: str


def find(user: Any, term: str) -> tuple[list[Hit], str]:
    """(hits, the sentence of a search that was refused); the most exact first."""
    term = term.strip()
    if not term:
        return [], ""
    found = search.search(user, term)
    hits = [*_cases(user, term), *_parcels(user, term), *(_order(order) for order in found.orders[:SIZE])]
    return [*hits, *_buyers(user, term)], str(found.refusal)


def _order(order: Order) -> Hit:
    name = str(order.buyer or "")
    url = reverse("desk_order", args=[order.shop_id, order.number])
    return Hit(_("Order"), order.number, " ".join((name, money(order.paid_fen))).strip(), url)


def _cases(user: Any, term: str) -> list[Hit]:
    rows = Case.objects.visible_to(user).filter(number=term.upper()).select_related("order__buyer")[:SIZE]
    return [
        Hit(
            _("Case"),
            case.number,
            f"{case.order.buyer or case.order.number} {money(case.amount_fen)}",
            reverse("desk_case", args=[case.shop_id, case.number]),
        )
        for case in rows
    ]


def _parcels(user: Any, term: str) -> list[Hit]:
    mine = Order.objects.visible_to(user).values("pk")
    rows = Package.objects.filter(shop_id__in=shops_of(user), waybill=term, order_id__in=mine)[:SIZE]
    return [
        Hit(
            _("Parcel"),
            f"{courier_name(row.courier)} {row.waybill}",
            str(row.get_state_display()),
            reverse("parcel_detail", args=[row.shop_id, row.courier, row.waybill]),
        )
        for row in rows
    ]


def _buyers(user: Any, term: str) -> list[Hit]:
    rows = Buyer.objects.visible_to(user).filter(nickname__startswith=term).order_by("pk")[:SIZE]
    return [
        Hit(
            _("Buyer"),
            buyer.nickname,
            "",
            f"{reverse('desk')}?{urlencode({'shop': buyer.shop_id, 'buyer': buyer.external_id})}",
        )
        for buyer in rows
    ]
