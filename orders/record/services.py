"""The order's verbs. Each locks the row, asks the policy, moves, saves and writes the trail."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from merchant.clock import is_trusted, now
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops.models import Platform
from merchant.trail import activity
from orders.record import policies, telling
from orders.record.enums import BlockKind, OrderState, Stop
from orders.record.holds import held_back
from orders.record.models import Block, Order
from orders.record.signals import announce_moves

log = logging.getLogger(__name__)


@transaction.atomic
def close_order(order: Order, *, by: Actor, reason: str) -> Order:
    """订单关闭. Closing a closed order changes nothing. Raises Refused ORDER_STATE or ORDER_PAID."""
    return close_held_order(lock(order), by=by, reason=reason)


def close_held_order(order: Order, *, by: Actor, reason: str) -> Order:
    """`close_order` for a fresh copy that the caller holds."""
    if order.state == OrderState.CLOSED:
        return order
    policies.check_can_close(order)
    before = order.state
    order.close(at=now(), reason=reason)
    return _saved(order, "order.close", before, by=by, reason=reason)


@transaction.atomic
def pay_order(order: Order, *, paid_fen: int, at: datetime, step_due_at: datetime, by: Actor = None) -> Order:
    """付款 of an order of our own channel: the whole of what is payable. Raises Refused ORDER_STATE or PAID_AMOUNT."""
    order = lock(order)
    policies.check_can_pay(order, paid_fen)
    before = order.state
    ship_by_at = order.ship_by_at or at + policy.timer(policy.current(order.shop_id), "T-SHIP")
    order.pay(at=at, paid_fen=paid_fen, ship_by_at=ship_by_at, step_due_at=step_due_at)
    return _saved(order, "order.pay", before, by=by)


@transaction.atomic
def pass_review(order: Order, *, by: Actor, step_due_at: datetime | None, reason: str = "") -> Order:
    """审核通过. Raises Refused ORDER_STATE, or BLOCKED by a hold."""
    order = lock(order)
    policies.check_can_pass_review(order)
    before = order.state
    order.pass_review(step_due_at=step_due_at)
    return _saved(order, "order.pass_review", before, by=by, reason=reason)


@transaction.atomic
def assign_order(order: Order, *, to: Any, by: Actor, step_due_at: datetime | None, reason: str = "") -> Order:
    """分配: `reason` says why this person. Raises Refused ORDER_STATE."""
    order = lock(order)
    policies.check_step(order, OrderState.PENDING_ASSIGN, OrderState.PENDING_CONFIRM)
    before = order.state
    order.assign(to=to, step_due_at=step_due_at)
    telling.tell_given(order, to=to, by=by)
    return _saved(order, "order.assign", before, by=by, reason=reason)


@transaction.atomic
def confirm_order(order: Order, *, by: Actor, reason: str = "") -> Order:
    """确认. Raises Refused ORDER_STATE."""
    order = lock(order)
    policies.check_step(order, OrderState.PENDING_CONFIRM, OrderState.TO_FULFIL)
    before = order.state
    order.confirm()
    return _saved(order, "order.confirm", before, by=by, reason=reason)


@transaction.atomic
def return_to_review(order: Order, *, by: Actor, step_due_at: datetime | None, reason: str) -> Order:
    """退回审核. Raises Refused ORDER_STATE."""
    order = lock(order)
    policies.check_can_return_to_review(order)
    before = order.state
    order.return_to_review(step_due_at=step_due_at)
    return _saved(order, "order.return_to_review", before, by=by, reason=reason)


@transaction.atomic
def pack_order(order: Order, *, by: Actor) -> Order:
    """打包. Raises Refused ORDER_STATE, or BLOCKED by a hold or an after-sale."""
    order = lock(order)
    policies.check_step(order, OrderState.TO_FULFIL, OrderState.PACKED)
    policies.check_not_blocked(order, Stop.SHIP)
    before = order.state
    order.pack()
    return _saved(order, "order.pack", before, by=by)


@transaction.atomic
def unpack_order(order: Order, *, by: Actor, reason: str) -> Order:
    """拆包. Raises Refused ORDER_STATE."""
    order = lock(order)
    policies.check_step(order, OrderState.PACKED, OrderState.TO_FULFIL)
    before = order.state
    order.unpack()
    return _saved(order, "order.unpack", before, by=by, reason=reason)


@transaction.atomic
def ship_order(order: Order, *, by: Actor, is_last: bool = True, at: datetime | None = None) -> Order:
    """发货: a parcel left the house; `is_last`: nothing of the order stays. Raises Refused ORDER_STATE or BLOCKED."""
    order = lock(order)
    policies.check_can_ship(order)
    before, at = order.state, at or now()
    if is_last:
        order.ship(at=at, auto_receive_at=at + policy.timer(policy.current(order.shop_id), "T-AUTO-RECEIVE"))
    else:
        order.ship_part(at=at)
    return _saved(order, "order.ship" if is_last else "order.ship_part", before, by=by)


@transaction.atomic
def receive_order(order: Order, *, by: Actor, at: datetime | None = None) -> Order:
    """确认收货. Raises Refused ORDER_STATE, or BLOCKED by an after-sale or a parcel coming back."""
    order = lock(order)
    policies.check_can_receive(order)
    before, at = order.state, at or now()
    order.receive(at=at, settle_at=at + policy.timer(policy.current(order.shop_id), "T-AS-PERIOD"))
    return _saved(order, "order.receive", before, by=by)


@transaction.atomic
def complete_order(order: Order, *, by: Actor) -> Order:
    """交易成功. Raises Refused ORDER_STATE or BLOCKED."""
    order = lock(order)
    policies.check_can_complete(order)
    before = order.state
    order.complete(at=now())
    return _saved(order, "order.complete", before, by=by)


@transaction.atomic
def place_block(order: Order, *, kind: str, document: str, stops: Iterable[str], by: Actor, reason: str = "") -> Block:
    """Forbid some steps of an order for the sake of `document`. The same block placed twice is one block."""
    if kind == BlockKind.HOLD:
        policies.check_can_hold(order, by)
    found = Block.objects.open().filter(order=order, kind=kind, document=document).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            block = Block.objects.create(
                shop_id=order.shop_id,
                order=order,
                kind=BlockKind(kind),
                document=document,
                stops=[Stop(stop) for stop in stops],
                opened_by=by,
                reason=reason,
            )
    except IntegrityError:  # somebody placed the same one a moment ago
        return Block.objects.open().get(order=order, kind=kind, document=document)
    activity.record(
        order, "order.block", by=by, reason=reason, kind=str(kind), document=document, stops=list(block.stops)
    )
    return block


@transaction.atomic(savepoint=False)
def lift_block(order: Order, *, kind: str, document: str, by: Actor, reason: str = "") -> bool:
    """Take the block away; False when it no longer stood."""
    lifted = (
        Block.objects.open().filter(order=order, kind=kind, document=document).update(closed_at=now(), closed_by=by)
    )
    if lifted:
        activity.record(order, "order.unblock", by=by, reason=reason, kind=str(kind), document=document)
    return bool(lifted)


@transaction.atomic
def lift_hold(block: Block, *, by: Actor, reason: str = "") -> bool:
    """解除挂起, by a person. Raises Refused RIGHT, or BLOCKED when the block is no hold."""
    policies.check_can_lift_by_hand(block, by)
    return lift_block(block.order, kind=block.kind, document=block.document, by=by, reason=reason)


def sweep_clocks() -> int:
    """Orders of our own channel whose clock ran out: unpaid ones close, others are received or complete.

    A platform runs these clocks itself and tells us. A row that refuses is left for the next round; the rest goes on.
    A clock that has jumped moves nothing.
    """
    if not is_trusted():
        return 0
    moved = 0
    due: list[tuple[Any, Callable[[Order], Order]]] = [
        (
            Order.objects.awaiting_payment().filter(pay_by_at__lte=now()),
            lambda o: close_order(o, by=None, reason="T-PAY"),
        ),
        (Order.objects.awaiting_receipt().filter(auto_receive_at__lte=now()), lambda o: receive_order(o, by=None)),
        (Order.objects.awaiting_settlement().filter(settle_at__lte=now()), lambda o: complete_order(o, by=None)),
    ]
    for orders, move in due:
        free = orders.filter(shop__platform=Platform.OWN).exclude(pk__in=_held_back()).exclude(held_back())
        for order in free.order_by("pk")[:500]:
            try:
                move(order)
                moved += 1
            except Refused as refusal:
                log.info("order %s waits: %s", order.pk, refusal)
    return moved


def _held_back() -> Any:
    """Orders whose clock stands still: skipped by the sweep, so that they do not fill its batch for ever."""
    return Block.objects.open().filter(stops__overlap=[Stop.RECEIVE, Stop.COMPLETE]).values("order_id")


def _saved(order: Order, verb: str, before: str, *, by: Actor, reason: str = "") -> Order:
    order.version += 1
    order.save()
    activity.record(order, verb, by=by, from_state=before, to_state=order.state, reason=reason)
    announce_moves(order.shop_id, {order.pk: (before, order.state)})
    return order
