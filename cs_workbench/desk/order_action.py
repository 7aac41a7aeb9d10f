"""What can be done about an order beside any case: note and flag, ask for a refund on the buyer's behalf."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.enums import CaseKind, OpenedBy, Origin
from aftersales.decisions import services as cases
from aftersales.decisions.policies import check_can_apply, kinds_open_to
from aftersales.team.views import ORDER_VERBS
from cs_workbench.orders.address import address_button
from merchant.money import fen
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.query_params import parse_int
from orders.record.models import Order
from orders.remarks import services as remarks


@dataclass(frozen=True)
class OrderAction:
    apply: Button
    note: Button
    address: Button
    kinds: list[tuple[str, Any]]


def build(order: Order, user: Any) -> OrderAction:
    return OrderAction(
        apply=button("apply", _("Ask for a refund"), check_can_apply, order, user),
        address=address_button(order, user),
        note=button("note", _("Save the note"), check_right, user, order.shop_id, Right.REMARK_ORDER),
        kinds=[(kind.value, kind.label) for kind in kinds_open_to(order)],
    )


def _note(request: SignedInRequest, order: Order) -> str:
    flag = parse_int(request.POST.get("flag", ""))
    remarks.add_note(order, text=request.POST.get("text", ""), flag=flag, by=request.user)
    return ""


def _apply(request: SignedInRequest, order: Order) -> str:
    check_can_apply(order, request.user)
    kind = request.POST.get("kind", "")
    if kind not in {one.value for one in kinds_open_to(order)}:
        raise Refused("KIND", _("Choose what the buyer asks for."), kind=kind)
    try:
        amount = fen(request.POST.get("amount", ""))
    except ValueError:
        raise Refused("AMOUNT", _("Write the amount as yuan, for example 88.00.")) from None
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Refused("REASON", _("Write why the buyer asks for it."))
    cases.apply_case(
        order,
        kind=CaseKind(kind),
        amount_fen=amount,
        reason=reason,
        by=request.user,
        origin=Origin.OWN,
        opened_by=OpenedBy.AGENT,
    )
    return _("The case is open; decide about it on the right.")


VERBS: dict[str, Callable[[SignedInRequest, Order], str]] = {"note": _note, "apply": _apply, **ORDER_VERBS}
