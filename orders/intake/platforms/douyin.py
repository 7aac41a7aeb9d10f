"""An order as 抖店 tells it, in the intake's words; for the pull, the push and the case that comes before its order."""

from merchant.carriers.registry import code_of
from merchant.platforms.douyin.client import CODE
from merchant.platforms.douyin.snapshots import Order
from merchant.vault.services import Person
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.intake.platforms.registry import register
from orders.payments.enums import PayChannel
from orders.record.enums import SENT, CategoryClass, OrderState

STATES: dict[int, OrderState] = {
    1: OrderState.PENDING_PAYMENT,
    105: OrderState.TO_FULFIL,
    2: OrderState.TO_FULFIL,
    101: OrderState.PARTLY_SHIPPED,
    3: OrderState.SHIPPED,
    4: OrderState.CLOSED,
    5: OrderState.COMPLETED,
}


def normal_order(order: Order) -> NormalOrder:
    """The order in the intake's words. Raises ValueError on a status or a row nobody can place in time."""
    state = STATES.get(order.status)
    placed_at = order.create_at or order.pay_at
    if state is None or placed_at is None:
        raise ValueError(f"Douyin order {order.oid}: status {order.status}, placed {order.create_at}")
    is_sent = state in SENT or (state == OrderState.CLOSED and order.ship_at is not None)
    received = [item.received_at for item in order.items if item.received_at]
    return NormalOrder(
        number=order.oid,
        placed_at=placed_at,
        state=state,
        lines=[
            NormalLine(
                title=item.title,
                quantity=item.quantity,
                goods_fen=item.goods_fee or None,
                net_fen=max(0, item.pay_fee - item.post_fee),
                external_id=item.order_item_id,
                item_id=item.sku_id or item.item_id,
                product_id=item.item_id,
                sku_code=item.seller_code,
                spec=item.spec,
                category_class=CategoryClass.VIRTUAL if item.is_virtual else CategoryClass.NORMAL,
                picture_url=item.picture_url,
            )
            for item in order.items
        ],
        paid_fen=order.total_fee,
        freight_fen=order.express_fee,
        subsidy_fen=order.subsidy_fee,
        paid_at=order.pay_at,
        shipped_at=order.ship_at if is_sent else None,
        received_at=max(received) if is_sent and len(received) == len(order.items) and received else None,
        completed_at=(order.finish_at or order.update_at) if state == OrderState.COMPLETED else None,
        closed_at=(order.finish_at or order.update_at) if state == OrderState.CLOSED else None,
        ship_by_at=order.ship_by_at,
        source_updated_at=order.update_at,
        source_status=str(order.status),
        close_reason=order.cancel_reason,
        payments=[NormalPayment(PayChannel.DOUYIN, order.payment_number or order.oid, order.total_fee, order.pay_at)]
        if order.pay_at
        else [],
        buyer_id=order.buyer_open_id,
        # Masked by the platform; the city tells the two ends of the road apart.
        recipient=Person(
            name=order.name, phone=order.mobile, address=order.address, province=order.province, city=order.city
        ),
        buyer_note=order.buyer_note,
        seller_note=order.seller_note,
        packages=[
            NormalPackage(
                code_of(parcel.company, parcel.express_no, name=parcel.company_name),
                parcel.express_no,
                parcel.ship_at,
                parcel.line_ids,
            )
            for parcel in order.parcels
            if parcel.express_no
        ],
    )


register(CODE, normal_order)
