"""What can be done about an order beside any case: note and flag, ask for a refund on the buyer's behalf."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.enums import OpenedBy, Origin
from aftersales.decisions import services as cases
from aftersales.decisions.forms import ApplyForm
from aftersales.decisions.policies import check_can_apply, kinds_open_to
from aftersales.team.views import ORDER_VERBS
from cs_workbench.orders.address import address_button
from merchant.people.rights import Right, check_right
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from orders.record.models import Order
from orders.remarks import services as remarks
from orders.remarks.forms import NoteForm


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
    remarks.add_note(order, by=request.user, **NoteForm(request.POST).checked())
    return ""


def _apply(request: SignedInRequest, order: Order) -> str:
    check_can_apply(order, request.user)
    typed = ApplyForm(request.POST, kinds=kinds_open_to(order)).checked()
    cases.apply_case(
        order,
        kind=typed["kind"],
        amount_fen=typed["amount"],
        reason=typed["reason"],
        by=request.user,
        origin=Origin.OWN,
        opened_by=OpenedBy.AGENT,
    )
    return _("The case is open; decide about it on the right.")


VERBS: dict[str, Callable[[SignedInRequest, Order], str]] = {"note": _note, "apply": _apply, **ORDER_VERBS}
