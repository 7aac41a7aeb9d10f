"""快手's words for an after-sale, brought to ours. Its numbers go no further than this file and the channel."""

from aftersales.cases.enums import CaseKind, CaseState, OpenedBy
from aftersales.channels.snapshot import WITH_DEADLINE, PlatformCase
from merchant.carriers.registry import UNKNOWN, code_on
from merchant.platforms.kuaishou.snapshots import HandlingWay, RefundSnapshot, RefundStatus

STATES: dict[int, CaseState] = {
    RefundStatus.REFUND_APPLIED: CaseState.APPLIED,
    RefundStatus.RETURN_APPLIED: CaseState.APPLIED,
    RefundStatus.REFUSED: CaseState.REFUSED,
    RefundStatus.PLATFORM: CaseState.PLATFORM,
    RefundStatus.PLATFORM_RETURN: CaseState.PLATFORM,
    RefundStatus.RETURN_AGREED: CaseState.WAIT_BUYER_RETURN,
    RefundStatus.WAIT_BUYER_RETURN: CaseState.WAIT_BUYER_RETURN,
    RefundStatus.WAIT_SELLER_RECEIVE: CaseState.WAIT_SELLER_RECEIVE,
    RefundStatus.WAIT_BUYER_RECEIVE: CaseState.WAIT_BUYER_RECEIVE,
    RefundStatus.PAYING: CaseState.REFUNDING,
    RefundStatus.PAID: CaseState.SUCCESS,
    RefundStatus.CLOSED: CaseState.CLOSED,
}
KINDS: dict[int, CaseKind] = {
    HandlingWay.RETURN_REFUND: CaseKind.RETURN_REFUND,
    HandlingWay.EXCHANGE: CaseKind.EXCHANGE,
    HandlingWay.RESEND: CaseKind.RESEND,
    HandlingWay.REPAIR: CaseKind.REPAIR,
}
SELLER = 2


def platform_case(snapshot: RefundSnapshot, *, is_shipped: bool) -> PlatformCase:
    """The snapshot in our words. Kuaishou has one way "refund only"; `is_shipped` says which of our two it is.

    Raises ValueError on a status or way that no table names: nothing is guessed about money."""
    state = STATES.get(snapshot.status)
    if state is None:
        raise ValueError(f"Kuaishou refund {snapshot.refund_id}: status {snapshot.status} is not known")
    ours = _kind(snapshot.handling_way, is_shipped=is_shipped)
    moves_money = ours in (CaseKind.REFUND_ONLY_SHIPPED, CaseKind.REFUND_ONLY_UNSHIPPED, CaseKind.RETURN_REFUND)
    return PlatformCase(
        number=snapshot.refund_id,
        order_number=snapshot.oid,
        kind=ours,
        state=state,
        amount_fen=snapshot.refund_fee,
        version=snapshot.version,
        status=str(snapshot.status),
        reason=snapshot.reason,
        opened_by=OpenedBy.AGENT if snapshot.refund_type == SELLER else OpenedBy.BUYER,
        applied_at=snapshot.submit_at,
        deadline=snapshot.expire_at if state in WITH_DEADLINE else None,
        paid_fen=snapshot.refund_fee if state == CaseState.SUCCESS and moves_money else None,
        paid_at=snapshot.end_at,
        channel_number=snapshot.refund_id,
        return_courier=(code_on("kuaishou", snapshot.express_code) or UNKNOWN) if snapshot.express_no else "",
        return_waybill=snapshot.express_no,
    )


def _kind(way: int, *, is_shipped: bool) -> CaseKind:
    if way == HandlingWay.REFUND_ONLY:
        return CaseKind.REFUND_ONLY_SHIPPED if is_shipped else CaseKind.REFUND_ONLY_UNSHIPPED
    if way not in KINDS:
        raise ValueError(f"Kuaishou handling way {way} is not known")
    return KINDS[way]
