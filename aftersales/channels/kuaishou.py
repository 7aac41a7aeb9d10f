"""快手 pays the buyer when a refund-only case is approved there: the approval *is* the refund.

The platform's refund id is the case's number, so it can never pay twice for one case; our own refund number travels in
`desc`. The row is re-read before every approval, and 300014 ("changed") sends us back to reading, never on.
"""

from typing import Any

from aftersales.cases.enums import CaseKind
from aftersales.channels.base import Channel, Receipt, RefundToPay
from aftersales.channels.enums import Outcome
from aftersales.channels.kuaishou_words import platform_case
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.kuaishou.client import KuaishouClient, RefundSnapshot
from merchant.shops.models import Platform
from merchant.shops.services import platform_account
from orders.payments.enums import PayChannel

# An approval refused as "changed" is tried once more on the fresh row, when that row still asks for the same.
TRIES = 2

REFUSALS: dict[ErrorClass, Outcome] = {
    ErrorClass.THROTTLED: Outcome.THROTTLED,
    ErrorClass.NOT_ENOUGH: Outcome.WAIT_FUNDS,
}


class KuaishouChannel(Channel):
    """Refund-only cases of Kuaishou shops."""

    code = PayChannel.KUAISHOU.value
    is_platform = True

    def refund(self, refund: RefundToPay) -> Receipt:
        """Re-read, approve on what was read, re-read."""
        client, refusal = _client(refund)
        if client is None:
            return refusal
        request: dict[str, Any] = {"refundId": _refund_id(refund), "refundAmount": refund.amount_fen}
        for _turn in range(TRIES):
            snapshot, refusal = _read(client, refund, request)
            if snapshot is None:
                return refusal
            judged = judge(snapshot, refund, request)
            if judged.outcome != Outcome.UNKNOWN_NUMBER:
                return judged
            request |= {"status": snapshot.status, "negotiateStatus": snapshot.negotiate_status}
            try:
                client.approve_refund(
                    snapshot.refund_id,
                    refund_amount=refund.amount_fen,
                    status=snapshot.status,
                    negotiate_status=snapshot.negotiate_status,
                    refund_handing_way=snapshot.handling_way,
                    desc=refund.number,
                )
            except PlatformError as error:
                if error.error_class in (ErrorClass.CHANGED, ErrorClass.NOT_ALLOWED, ErrorClass.WITHDRAWN):
                    continue
                return _receipt(error, request)
            return self._after_approval(client, refund, request)
        # Refused twice although the row asks for the same: nothing was paid, the next poll reads again.
        return self._settle_refused(client, refund, request)

    def query(self, refund: RefundToPay) -> Receipt:
        """The row as it stands. Still waiting for the shop with the same amount: our approval never arrived."""
        client, refusal = _client(refund)
        if client is None:
            return refusal
        request = {"refundId": _refund_id(refund)}
        snapshot, refusal = _read(client, refund, request)
        return refusal if snapshot is None else judge(snapshot, refund, request)

    @staticmethod
    def _after_approval(client: KuaishouClient, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
        """Accepted. Paid is what the row says; should it not be readable now, the poll asks."""
        snapshot, _refusal = _read(client, refund, request)
        judged = judge(snapshot, refund, request) if snapshot is not None else None
        if judged is None or judged.outcome == Outcome.UNKNOWN_NUMBER:
            return Receipt(Outcome.PROCESSING, request=request)
        return judged

    @staticmethod
    def _settle_refused(client: KuaishouClient, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
        snapshot, refusal = _read(client, refund, request)
        if snapshot is None:
            return refusal
        judged = judge(snapshot, refund, request)
        if judged.outcome != Outcome.UNKNOWN_NUMBER:
            return judged
        return Receipt(Outcome.REFUSED, code="CHANGED", message="refused as changed twice", request=request)


def judge(snapshot: RefundSnapshot, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
    """What a row of the platform means for our number. UNKNOWN_NUMBER: it waits for us, nothing was paid."""
    is_shipped = refund.case is None or refund.case.kind != CaseKind.REFUND_ONLY_UNSHIPPED
    case = platform_case(snapshot, is_shipped=is_shipped)
    known: dict[str, Any] = {
        "channel_number": snapshot.refund_id,
        "request": request,
        "raw": {"status": snapshot.status, "refundFee": snapshot.refund_fee, "version": snapshot.version},
        "snapshot": case,
    }
    if snapshot.is_paid:
        return Receipt(Outcome.SUCCESS, amount_fen=snapshot.refund_fee, **known)
    if snapshot.is_paying:
        return Receipt(Outcome.PROCESSING, **known)
    if snapshot.is_closed:
        return Receipt(Outcome.NOT_PAYABLE, code="CLOSED", message="closed on the platform", **known)
    if snapshot.waits_for_seller and snapshot.is_refund_only and snapshot.refund_fee == refund.amount_fen:
        return Receipt(Outcome.UNKNOWN_NUMBER, **known)
    return Receipt(Outcome.NOT_PAYABLE, code="CHANGED", message="changed on the platform", **known)


def client_of(shop: Any) -> KuaishouClient | None:
    """A client for the Kuaishou account of this shop (or its id), None when there is none."""
    account: Any = platform_account(shop, Platform.KUAISHOU)
    return None if account is None else KuaishouClient(account)


def _client(refund: RefundToPay) -> tuple[KuaishouClient | None, Receipt]:
    client = client_of(refund.shop_id)
    if client is None:
        return None, Receipt(Outcome.REFUSED, code="ACCOUNT", message="no Kuaishou account is connected")
    if refund.case is None:
        return None, Receipt(Outcome.REFUSED, code="CASE", message="Kuaishou pays back cases only")
    return client, Receipt(Outcome.UNKNOWN)


def _refund_id(refund: RefundToPay) -> str:
    return refund.case.number if refund.case else ""


def _read(
    client: KuaishouClient, refund: RefundToPay, request: dict[str, Any]
) -> tuple[RefundSnapshot | None, Receipt]:
    """The row, or what a failed reading means: never more than "ask again", since reading pays nothing."""
    try:
        return client.refund_detail(_refund_id(refund)), Receipt(Outcome.UNKNOWN)
    except PlatformError as error:
        outcome = Outcome.THROTTLED if error.retry else Outcome.REFUSED
        return None, Receipt(outcome, code=error.code, message=error.message, request=request)


def _receipt(error: PlatformError, request: dict[str, Any]) -> Receipt:
    """A refused or lost approval."""
    outcome = REFUSALS.get(error.error_class, Outcome.REFUSED)
    if error.is_unknown_outcome:
        outcome = Outcome.UNKNOWN
    elif error.error_class == ErrorClass.TRANSIENT:
        outcome = Outcome.THROTTLED
    return Receipt(outcome, code=error.code, message=error.message, request=request)
