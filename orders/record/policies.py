"""Why an order may not take a step, in a sentence."""

from django.utils.translation import gettext_lazy as _

from merchant.money import yuan
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from orders.record.enums import CLOSABLE, IN_HOUSE, BlockKind, OrderState, Stop
from orders.record.holds import why_held
from orders.record.models import Block, Order


def check_not_blocked(order: Order, step: str) -> None:
    """Raise Refused("BLOCKED") while an open block forbids `step` (a Stop)."""
    block = order.blocks.stopping(step).order_by("opened_at").first()
    if block is not None:
        raise Refused(
            "BLOCKED",
            _("%(kind)s (%(document)s): this order may not go on with this step: %(step)s.")
            % {"kind": BlockKind(block.kind).label, "document": block.document, "step": Stop(step).label},
            kind=block.kind,
            document=block.document,
            step=str(step),
        )


def check_can_close(order: Order) -> None:
    """Before shipping a paid order closes once its goods' money is on its way back; after it, once all went back."""
    if order.state not in CLOSABLE:
        raise _wrong_state(order, OrderState.CLOSED)
    if order.state == OrderState.PENDING_PAYMENT:
        return
    returning = order.refunding_fen + order.refunded_fen if order.state in IN_HOUSE else order.refunded_fen
    if returning < order.paid_fen - order.freight_fen:
        raise Refused(
            "ORDER_PAID",
            _("The buyer has paid this order: it closes when the money goes back."),
            paid_fen=order.paid_fen,
            returning_fen=returning,
        )


def check_step(order: Order, source: str, target: str) -> None:
    """Raise Refused("ORDER_STATE") unless the order stands at `source`, from where it goes to `target`."""
    if order.state != source:
        raise _wrong_state(order, target)


def check_can_pay(order: Order, paid_fen: int) -> None:
    check_step(order, OrderState.PENDING_PAYMENT, OrderState.PENDING_REVIEW)
    if paid_fen != order.payable_fen:
        raise Refused(
            "PAID_AMOUNT",
            _("%(paid)s was paid where %(payable)s is payable.")
            % {"paid": yuan(paid_fen), "payable": yuan(order.payable_fen)},
            paid_fen=paid_fen,
            payable_fen=order.payable_fen,
        )


def check_can_pass_review(order: Order) -> None:
    check_step(order, OrderState.PENDING_REVIEW, OrderState.PENDING_ASSIGN)
    check_not_blocked(order, Stop.PICK)


def check_can_return_to_review(order: Order) -> None:
    if order.state not in (OrderState.PENDING_ASSIGN, OrderState.PENDING_CONFIRM, OrderState.TO_FULFIL):
        raise _wrong_state(order, OrderState.PENDING_REVIEW)


def check_can_ship(order: Order) -> None:
    if order.state not in (OrderState.PACKED, OrderState.PARTLY_SHIPPED):
        raise _wrong_state(order, OrderState.SHIPPED)
    check_not_blocked(order, Stop.SHIP)


def check_can_receive(order: Order) -> None:
    if order.state != OrderState.SHIPPED:
        raise _wrong_state(order, OrderState.RECEIVED)
    check_not_blocked(order, Stop.RECEIVE)
    _check_nothing_comes_back(order)


def check_can_complete(order: Order) -> None:
    if order.state != OrderState.RECEIVED:
        raise _wrong_state(order, OrderState.COMPLETED)
    check_not_blocked(order, Stop.COMPLETE)
    _check_nothing_comes_back(order)


def _check_nothing_comes_back(order: Order) -> None:
    why = why_held(order)
    if why:
        raise Refused("BLOCKED", why)


def check_can_hold(order: Order, by: Actor) -> None:
    check_right(by, order.shop_id, Right.HOLD_ORDER)
    if order.state not in IN_HOUSE:
        raise Refused("ORDER_STATE", _("Only a paid order that has not shipped can be held."), state=order.state)


def check_can_lift_by_hand(block: Block, by: Actor) -> None:
    """A hold may be lifted by a person; any other block belongs to its document and goes with it."""
    check_right(by, block.shop_id, Right.HOLD_ORDER)
    if block.kind != BlockKind.HOLD:
        raise Refused(
            "BLOCKED",
            _("Only a hold is lifted by hand; this block goes when %(document)s does.") % {"document": block.document},
        )


def _wrong_state(order: Order, target: str) -> Refused:
    return Refused(
        "ORDER_STATE",
        _("An order that is %(state)s cannot become %(target)s.")
        % {"state": OrderState(order.state).label, "target": OrderState(target).label},
        state=order.state,
    )
