"""An order as 快手 tells it, in the intake's words; for the pull, the push and the case that comes before its order."""

from merchant.platforms.kuaishou.snapshots import CODE, OrderSnapshot, OrderStatus
from merchant.vault.services import Person
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.intake.platforms.registry import register
from orders.payments.enums import PayChannel
from orders.record.enums import CategoryClass, OrderState

STATES: dict[int, OrderState] = {
    OrderStatus.UNPAID: OrderState.PENDING_PAYMENT,
    OrderStatus.PAID: OrderState.TO_FULFIL,
    OrderStatus.SHIPPED: OrderState.SHIPPED,
    OrderStatus.SIGNED: OrderState.RECEIVED,
    OrderStatus.SUCCESS: OrderState.COMPLETED,
    OrderStatus.FAILED: OrderState.CLOSED,
}

# Words in the platform's category names that rule E06 asks about; its numbers of categories are not public.
CATEGORY_WORDS = (
    ("生鲜", CategoryClass.FRESH),
    ("冷冻", CategoryClass.FRESH),
    ("虚拟", CategoryClass.VIRTUAL),
    ("充值", CategoryClass.VIRTUAL),
    ("整车", CategoryClass.WHOLE_VEHICLE),
)


def normal_order(snapshot: OrderSnapshot) -> NormalOrder:
    """The order in the intake's words. Raises ValueError on a status or a row nobody can place in time."""
    state = STATES.get(snapshot.status)
    placed_at = snapshot.create_at or snapshot.pay_at
    if state is None or placed_at is None:
        raise ValueError(f"Kuaishou order {snapshot.oid}: status {snapshot.status}, placed {snapshot.create_at}")
    person = snapshot.recipient
    return NormalOrder(
        number=snapshot.oid,
        placed_at=placed_at,
        state=state,
        lines=[
            NormalLine(
                title=item.title,
                quantity=item.quantity,
                goods_fen=(item.original_price or item.price) * item.quantity,
                external_id=item.order_item_id,
                item_id=item.sku_id or item.item_id,
                product_id=item.item_id,
                sku_code=item.seller_code,
                spec=item.spec,
                category_class=_category(item.category),
                picture_url=item.picture_url,
            )
            for item in snapshot.items
        ],
        paid_fen=snapshot.total_fee,
        freight_fen=snapshot.express_fee,
        paid_at=snapshot.pay_at,
        shipped_at=snapshot.send_at,
        received_at=snapshot.receive_at,
        # The platform gives no instant for the end; the first time we hear of it is kept.
        completed_at=snapshot.update_at if state == OrderState.COMPLETED else None,
        closed_at=snapshot.update_at if state == OrderState.CLOSED else None,
        ship_by_at=snapshot.promise_ship_at,
        source_updated_at=snapshot.update_at,
        source_status=str(snapshot.status),
        payments=[NormalPayment(PayChannel.KUAISHOU, snapshot.oid, snapshot.total_fee, snapshot.pay_at)]
        if snapshot.pay_at
        else [],
        buyer_id=snapshot.buyer_open_id or snapshot.buyer_nick,
        buyer_nickname=snapshot.buyer_nick,
        # Masked by the platform; the city tells the two ends of the road apart.
        recipient=Person(
            name=person.name,
            phone=person.mobile,
            address=person.address,
            province=person.province,
            city=person.city,
        ),
        packages=[
            NormalPackage(package.courier, package.express_no, snapshot.send_at)
            for package in snapshot.packages
            if package.express_no
        ],
    )


def _category(name: str) -> CategoryClass:
    return next((kind for word, kind in CATEGORY_WORDS if word in name), CategoryClass.NORMAL)


register(CODE, normal_order)
