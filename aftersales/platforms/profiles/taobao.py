"""淘宝 refunds as its API gives them: money in yuan, Shanghai's wall clock, one row a sub-order.

`total_fee` is what the buyer paid for the sub-order, `payment` what is left of it. A row names the order (`tid`) and
the sub-order (`oid`), so an order we do not have is made from all the rows of the file that name it.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseKind, CaseState
from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.profiles.base import CaseProfile
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.intake.readers import Row
from orders.intake.registry import register_profile
from orders.intake.values import BadValue, identifier, moment, money, text, whole
from orders.payments.enums import PayChannel
from orders.record.enums import SENT, OrderState

STATES: dict[str, CaseState] = {
    "WAIT_SELLER_AGREE": CaseState.APPLIED,
    "SELLER_REFUSE_BUYER": CaseState.REFUSED,
    "WAIT_BUYER_RETURN_GOODS": CaseState.WAIT_BUYER_RETURN,
    "WAIT_SELLER_CONFIRM_GOODS": CaseState.WAIT_SELLER_RECEIVE,
    "SUCCESS": CaseState.SUCCESS,
    "CLOSED": CaseState.CLOSED,
}
ORDER_STATES: dict[str, OrderState] = {
    "WAIT_BUYER_PAY": OrderState.PENDING_PAYMENT,
    "WAIT_SELLER_SEND_GOODS": OrderState.TO_FULFIL,
    "SELLER_CONSIGNED_PART": OrderState.PARTLY_SHIPPED,
    "WAIT_BUYER_CONFIRM_GOODS": OrderState.SHIPPED,
    "TRADE_BUYER_SIGNED": OrderState.RECEIVED,
    "TRADE_FINISHED": OrderState.COMPLETED,
    "TRADE_CLOSED": OrderState.CLOSED,
    "TRADE_CLOSED_BY_TAOBAO": OrderState.CLOSED,
}
AFTER_RECEIPT = "aftersale"
RECEIVED = ("BUYER_RECEIVED", "BUYER_RETURNED_GOODS")


class TaobaoRefundRows(CaseProfile):
    """Rows of `taobao.refunds.receive.get` as they are stored by shops that pull them."""

    name = "taobao_refund_rows"
    titles = {"en": "Taobao refunds (API rows)", "zh": "淘宝退款单 (接口数据)"}
    signature = frozenset({"refund_id", "tid", "oid", "refund_fee", "status", "dispute_type"})
    known_columns = frozenset(
        {"order_status", "good_status", "has_good_return", "refund_phase", "total_fee", "payment", "created",
         "modified", "end_time", "reason", "title", "sku", "num", "num_iid", "buyer_nick", "buyer_open_uid"}
    )  # fmt: skip
    order_column = "tid"
    number_column = "refund_id"

    def snapshot(self, row: Row, *, is_shipped: bool | None) -> PlatformCase:
        state = _word(row, "status", STATES)
        amount = _required(money(row.get("refund_fee"), "refund_fee", "yuan"), "refund_fee")
        is_paid = state == CaseState.SUCCESS and amount > 0
        modified = _required(moment(row.get("modified"), "modified"), "modified")
        return PlatformCase(
            number=_required(identifier(row.get("refund_id"), "refund_id"), "refund_id"),
            order_number=_required(identifier(row.get("tid"), "tid"), "tid"),
            kind=self._kind(row, is_shipped=is_shipped),
            state=state,
            amount_fen=amount,
            version=int(modified.timestamp()),
            status=text(row.get("status")),
            reason=text(row.get("reason")),
            line_ids=(identifier(row.get("oid"), "oid"),),
            quantity=whole(row.get("num"), "num") or 0,
            applied_at=moment(row.get("created"), "created"),
            paid_fen=amount if is_paid else None,
            paid_at=moment(row.get("end_time"), "end_time") or modified,
            channel_number=text(row.get("refund_id")),
        )

    @staticmethod
    def _kind(row: Row, *, is_shipped: bool | None) -> CaseKind:
        if text(row.get("has_good_return")) == "1" or text(row.get("dispute_type")) == "REFUND_AND_RETURN":
            return CaseKind.RETURN_REFUND
        if is_shipped is None:
            is_shipped = _was_sent(row)
        return CaseKind.REFUND_ONLY_SHIPPED if is_shipped else CaseKind.REFUND_ONLY_UNSHIPPED

    def order(self, rows: Sequence[Row]) -> NormalOrder:
        row = rows[0]
        number = _required(identifier(row.get("tid"), "tid"), "tid")
        state = _word(row, "order_status", ORDER_STATES)
        first = _required(
            min(filter(None, (moment(r.get("created"), "created") for r in rows)), default=None), "created"
        )
        lines = {identifier(each.get("oid"), "oid"): each for each in rows}
        paid = sum(money(each.get("total_fee"), "total_fee", "yuan") or 0 for each in lines.values())
        is_paid = state != OrderState.PENDING_PAYMENT
        is_sent = state in SENT or _was_sent(row)
        closed_at = moment(row.get("end_time"), "end_time") or moment(row.get("modified"), "modified")
        return NormalOrder(
            number=number,
            # The rows do not say when it was placed; it was before the first of them.
            placed_at=first,
            state=state,
            lines=[self._line(external_id, each) for external_id, each in lines.items()],
            paid_fen=paid,
            paid_at=first if is_paid else None,
            shipped_at=first if is_sent else None,
            received_at=first if is_sent and text(row.get("good_status")) in RECEIVED else None,
            completed_at=first if state == OrderState.COMPLETED else None,
            closed_at=closed_at if state == OrderState.CLOSED else None,
            source_status=text(row.get("order_status")),
            payments=[NormalPayment(PayChannel.TAOBAO, number, paid, first)] if is_paid else [],
            buyer_id=text(row.get("buyer_open_uid")) or text(row.get("buyer_nick")),
            buyer_nickname=text(row.get("buyer_nick")),
        )

    @staticmethod
    def _line(external_id: str, row: Row) -> NormalLine:
        total = money(row.get("total_fee"), "total_fee", "yuan") or 0
        return NormalLine(
            title=text(row.get("title")),
            quantity=whole(row.get("num"), "num") or 1,
            goods_fen=total,
            net_fen=total,
            external_id=external_id,
            item_id=text(row.get("num_iid")) or external_id,
            spec=text(row.get("sku")).partition("|")[2],
        )

    def packages(self, row: Row) -> list[NormalPackage]:
        """None: `sid` of a refund row is the buyer's return, not the parcel that was sent."""
        return []


def _was_sent(row: Row) -> bool:
    """What the row proves about the goods: received, or the order waits for its receipt, or was finished."""
    return (
        text(row.get("refund_phase")) == AFTER_RECEIPT
        or text(row.get("good_status")) in RECEIVED
        or ORDER_STATES.get(text(row.get("order_status"))) in SENT
    )


def _word(row: Row, column: str, words: Any) -> Any:
    said = text(row.get(column))
    if said not in words:
        raise BadValue(column, _("“%(value)s” is a status this layout does not know") % {"value": said[:40]})
    return words[said]


def _required(value: Any, field: str) -> Any:
    if value in (None, ""):
        raise BadValue(field, _("this is empty"))
    return value


register_profile(TaobaoRefundRows())
