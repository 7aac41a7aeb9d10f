"""快手 pays the buyer when a refund-only case is approved there. Our own refund number travels in `desc`."""

from typing import Any

from aftersales.cases.enums import CaseKind, CaseState
from aftersales.channels import kuaishou_words
from aftersales.channels.base import Receipt, RefundToPay
from aftersales.channels.enums import RefundOutcome
from aftersales.channels.platform import PlatformChannel
from aftersales.channels.registry import register
from aftersales.channels.snapshot import PlatformCase
from merchant.platforms.errors import ErrorClass
from merchant.platforms.kuaishou.client import KuaishouClient, RefundSnapshot
from orders.payments.enums import PayChannel


class KuaishouChannel(PlatformChannel):
    """Refund-only cases of Kuaishou shops."""

    code = PayChannel.KUAISHOU.value
    name = "Kuaishou"
    id_name = "refundId"
    amount_name = "refundAmount"
    # 300014 is "changed"; a case that was withdrawn shows so in its row.
    stale = PlatformChannel.stale | {ErrorClass.WITHDRAWN}

    def platform_case(self, row: RefundSnapshot, *, is_shipped: bool) -> PlatformCase:
        return kuaishou_words.platform_case(row, is_shipped=is_shipped)

    def state_of(self, status: int) -> CaseState | None:
        return kuaishou_words.STATES.get(status)

    def judge(self, row: RefundSnapshot, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
        is_shipped = refund.case is None or refund.case.kind != CaseKind.REFUND_ONLY_UNSHIPPED
        known: dict[str, Any] = {
            "channel_number": row.refund_id,
            "request": request,
            "raw": {"status": row.status, "refundFee": row.refund_fee, "version": row.version},
            "snapshot": self.platform_case(row, is_shipped=is_shipped),
        }
        if row.is_paid:
            return Receipt(RefundOutcome.SUCCESS, amount_fen=row.refund_fee, **known)
        if row.is_paying:
            return Receipt(RefundOutcome.PROCESSING, **known)
        if row.is_closed:
            return Receipt(RefundOutcome.NOT_PAYABLE, code="CLOSED", message="closed on the platform", **known)
        if row.waits_for_seller and row.is_refund_only and row.refund_fee == refund.amount_fen:
            return Receipt(RefundOutcome.UNKNOWN_NUMBER, **known)
        return Receipt(RefundOutcome.NOT_PAYABLE, code="CHANGED", message="changed on the platform", **known)

    def seen(self, row: RefundSnapshot) -> dict[str, Any]:
        return {"status": row.status, "negotiateStatus": row.negotiate_status}

    def approve(self, client: KuaishouClient, row: RefundSnapshot, refund: RefundToPay) -> None:
        client.approve_refund(
            row.refund_id,
            refund_amount=refund.amount_fen,
            status=row.status,
            negotiate_status=row.negotiate_status,
            refund_handing_way=row.handling_way,
            desc=refund.number,
        )


register(KuaishouChannel())
