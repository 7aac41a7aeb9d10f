"""What happens to boxes when their orders move: new work, refunded, back in review, sent by another hand."""

from collections.abc import Collection, Mapping

from django.db.models import Exists, OuterRef

from logistics.fulfilment import allocating, choosing, services
from logistics.fulfilment.models import Consignment, ConsignmentLine
from merchant.policy import services as policy
from merchant.shops.models import Shop
from orders.record.enums import SENT
from orders.record.enums import OrderState as State
from orders.record.models import Order

# Why a box, or goods of it, are not packed any more; the trail has the words.
REFUNDED, REVIEW, ELSEWHERE = "refunded", "back_to_review", "sent_elsewhere"
BEFORE = (State.PENDING_PAYMENT, State.PENDING_REVIEW, State.PENDING_ASSIGN, State.PENDING_CONFIRM)
GONE = (State.SHIPPED, State.RECEIVED, State.COMPLETED)
BATCH = 500


def concerns(moves: Mapping[int, tuple[str, str]]) -> bool:
    """Whether any of these moves of orders has to do with boxes. An order that has left wholly has none here."""
    heard = (State.TO_FULFIL, State.CLOSED, State.ARCHIVED, *GONE, *BEFORE)
    return any(after in heard and before != State.SHIPPED for before, after in moves.values())


def follow_shop(shop_id: int) -> dict[str, int]:
    """Bring a shop's boxes in line with its orders: strike what does not belong, allocate what waits. Safe twice."""
    struck = strike_moved(shop_id)
    if not policy.current(shop_id).fulfil_here:
        return {"struck": struck, "allocated": 0}
    return {"struck": struck, "allocated": allocating.allocate_shop(shop_id), "found": services.find_goods(shop_id)}


def strike_moved(shop_id: int, order_ids: Collection[int] | None = None) -> int:
    """Take orders that went elsewhere out of their open boxes. Returns how many boxes changed."""
    goes_on = [State.TO_FULFIL, State.PACKED, State.PARTLY_SHIPPED]
    lines = ConsignmentLine.objects.filter(consignment=OuterRef("pk"), struck_at=None).exclude(order__state__in=goes_on)
    if order_ids is not None:
        lines = lines.filter(order_id__in=list(order_ids))
    boxes = Consignment.objects.open().filter(Exists(lines), shop_id=shop_id).order_by("pk")[:BATCH]
    count = 0
    for box in boxes:
        moved = Order.objects.filter(consignment_lines__consignment=box, consignment_lines__struck_at=None)
        states = dict(moved.exclude(state__in=goes_on).values_list("pk", "state"))
        for reason, ids in _by_reason(states).items():
            services.strike_orders(box, ids, by=None, reason=reason, has_left=reason == ELSEWHERE)
        count += bool(states)
    return count


def _by_reason(states: Mapping[int, str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for order_id, state in states.items():
        reason = ELSEWHERE if state in SENT else REVIEW if state in BEFORE else REFUNDED
        found.setdefault(reason, set()).add(order_id)
    return found


def sweep_fulfilment() -> int:
    """All shops that fulfil here, and boxes of those that did: what a lost wake-up left behind."""
    count = 0
    for shop_id in Shop.objects.order_by("pk").values_list("pk", flat=True):
        done = follow_shop(shop_id)
        count += sum(done.values())
    return count


def count_courier_speeds() -> int:
    return choosing.count_speeds(Shop.objects.order_by("pk").values_list("pk", flat=True))
