"""抖店's words for an after-sale, brought to ours: for its interface and for files of its rows.

Numbers with a public meaning are mapped; any other is refused by name, since nothing is guessed about money.
"""

from aftersales.cases.enums import CaseKind, CaseState, OpenedBy
from aftersales.channels.snapshot import WITH_DEADLINE, PlatformCase
from merchant.carriers.registry import code_of
from merchant.platforms.douyin.snapshots import ARBITRATED, LIST_WAIT_BUYER_RECEIVE, AfterSale, Kind, Money, Status

KINDS: dict[int, CaseKind] = {
    Kind.RETURN_REFUND: CaseKind.RETURN_REFUND,
    Kind.REFUND_SHIPPED: CaseKind.REFUND_ONLY_SHIPPED,
    Kind.REFUND_UNSHIPPED: CaseKind.REFUND_ONLY_UNSHIPPED,
    Kind.EXCHANGE: CaseKind.EXCHANGE,
    Kind.PRICE: CaseKind.COMPENSATION,
    Kind.RESEND: CaseKind.RESEND,
    Kind.REPAIR: CaseKind.REPAIR,
}
STATES: dict[int, CaseState] = {
    LIST_WAIT_BUYER_RECEIVE: CaseState.WAIT_BUYER_RECEIVE,
    Status.WAIT_SELLER: CaseState.APPLIED,
    Status.WAIT_BUYER_RETURN: CaseState.WAIT_BUYER_RETURN,
    Status.WAIT_SELLER_SEND: CaseState.WAIT_SELLER_RESEND,
    Status.WAIT_SELLER_RECEIVE: CaseState.WAIT_SELLER_RECEIVE,
    Status.AGREED: CaseState.SUCCESS,
    Status.WAIT_BUYER_RECEIVE: CaseState.WAIT_BUYER_RECEIVE,
    Status.SENT_AGAIN: CaseState.SUCCESS,
    Status.REFUSED: CaseState.REFUSED,
    Status.CLOSED: CaseState.CLOSED,
    Status.REFUSED_AFTER_RETURN: CaseState.REFUSED_AFTER_RETURN,
}
MONEY_KINDS = (
    CaseKind.REFUND_ONLY_SHIPPED,
    CaseKind.REFUND_ONLY_UNSHIPPED,
    CaseKind.RETURN_REFUND,
    CaseKind.COMPENSATION,
)
# States in which the platform's judges may hold the case.
CONTESTED = (CaseState.APPLIED, CaseState.REFUSED, CaseState.REFUSED_AFTER_RETURN)


def where_it_stands(state: CaseState, kind: CaseKind, *, amount_fen: int, is_paid: bool) -> tuple[CaseState, bool]:
    """Our state and whether money has moved. Agreed is not paid: the buyer's money has its own status."""
    if state != CaseState.SUCCESS or kind not in MONEY_KINDS or amount_fen <= 0:
        return state, False
    return (CaseState.SUCCESS, True) if is_paid else (CaseState.REFUNDING, False)


def status_word(status: int | str, money: int | str, amount_fen: int, *, is_contested: bool = False) -> str:
    """What is kept of the platform's own status: the case's, the money's, the amount and whether judges hold it. All of
    it, since versions count whole seconds and two changes of one second share one."""
    return f"{status}/{money}/{amount_fen}" + ("/judged" if is_contested else "")


def platform_case(snapshot: AfterSale, *, is_shipped: bool) -> PlatformCase:
    """The snapshot in our words. The platform says itself whether the goods had shipped. Raises ValueError on a status
    or kind that no table names."""
    state, kind = STATES.get(snapshot.status), KINDS.get(snapshot.kind)
    if state is None or kind is None:
        raise ValueError(
            f"Douyin after-sale {snapshot.refund_id}: status {snapshot.status} of kind {snapshot.kind} is not known"
        )
    state, is_paid = where_it_stands(state, kind, amount_fen=snapshot.refund_fee, is_paid=snapshot.money == Money.PAID)
    is_contested = snapshot.arbitration in ARBITRATED and state in CONTESTED
    if is_contested:
        state = CaseState.PLATFORM
    return PlatformCase(
        number=snapshot.refund_id,
        order_number=snapshot.oid,
        kind=kind,
        state=state,
        amount_fen=snapshot.refund_fee,
        freight_fen=snapshot.post_fee,
        version=snapshot.version,
        status=status_word(snapshot.status, snapshot.money, snapshot.refund_fee, is_contested=is_contested),
        reason=snapshot.reason,
        opened_by=OpenedBy.BUYER,
        line_ids=snapshot.line_ids,
        quantity=snapshot.quantity,
        applied_at=snapshot.apply_at,
        deadline=snapshot.deadline_at if state in WITH_DEADLINE else None,
        paid_fen=(snapshot.paid_fee or snapshot.refund_fee) if is_paid else None,
        paid_at=(snapshot.final_at or snapshot.update_at) if is_paid else None,
        channel_number=snapshot.refund_id,
        return_courier=code_of(snapshot.return_company, snapshot.return_no) if snapshot.return_no else "",
        return_waybill=snapshot.return_no,
    )
