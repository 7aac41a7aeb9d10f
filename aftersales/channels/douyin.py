"""抖店 pays the buyer when a refund-only case is agreed to there: the decision *is* the refund.

The platform's after-sale is the case's number and one decision settles it, so it can never pay twice for one case. The
row is re-read before every decision and its `update_time` goes with it; a decision refused as stale sends us back to
reading, never on. The decision carries no amount: the platform pays what its row asks for. Its versions count whole
seconds, so a buyer who changes the amount in the very second of our reading is found out afterwards, by what was paid.
"""

from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.enums import CaseKind
from aftersales.cases.models import Case
from aftersales.channels.base import Channel, Receipt, RefundToPay
from aftersales.channels.douyin_words import platform_case
from aftersales.channels.enums import Outcome
from merchant.platforms.clients import client_of
from merchant.platforms.douyin.client import AGREE_TYPES, REFUSE_TYPES, DouyinClient
from merchant.platforms.douyin.snapshots import UNDER_WAY, AfterSale, Kind, Money, Status
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.refusals import Refused
from merchant.shops.models import Platform
from merchant.shops.services import platform_account
from orders.payments.enums import PayChannel

# A decision refused as stale is tried once more on the fresh row, when that row still asks for the same.
TRIES = 2
REFUSALS: dict[ErrorClass, Outcome] = {
    ErrorClass.THROTTLED: Outcome.THROTTLED,
    ErrorClass.NOT_ENOUGH: Outcome.WAIT_FUNDS,
    ErrorClass.BY_HAND: Outcome.NOT_PAYABLE,
}
KINDS = {CaseKind.REFUND_ONLY_SHIPPED: Kind.REFUND_SHIPPED, CaseKind.REFUND_ONLY_UNSHIPPED: Kind.REFUND_UNSHIPPED}


class DouyinChannel(Channel):
    """Refund-only cases of Douyin shops."""

    code = PayChannel.DOUYIN.value
    is_platform = True

    def check_can_pay(self, case: Case) -> None:
        _check_type(case, AGREE_TYPES)

    def check_can_tell(self, case: Case) -> None:
        _check_type(case, REFUSE_TYPES)

    def refund(self, refund: RefundToPay) -> Receipt:
        """Re-read, decide on what was read, re-read."""
        client, refusal = _client(refund)
        if client is None:
            return refusal
        request: dict[str, Any] = {"aftersale_id": _refund_id(refund), "refund_amount": refund.amount_fen}
        for _turn in range(TRIES):
            snapshot, refusal = _read(client, refund, request)
            if snapshot is None:
                return refusal
            judged = judge(snapshot, refund, request)
            if judged.outcome != Outcome.UNKNOWN_NUMBER:
                return judged
            request |= {"status": snapshot.status, "update_time": snapshot.version}
            try:
                client.approve_refund(snapshot)
            except PlatformError as error:
                if error.error_class in (ErrorClass.CHANGED, ErrorClass.NOT_ALLOWED):
                    continue
                return _receipt(error, request)
            return self._after_decision(client, refund, request)
        # Refused twice although the row asks for the same: nothing was paid, the next poll reads again.
        snapshot, refusal = _read(client, refund, request)
        if snapshot is None:
            return refusal
        judged = judge(snapshot, refund, request)
        if judged.outcome != Outcome.UNKNOWN_NUMBER:
            return judged
        return Receipt(Outcome.REFUSED, code="CHANGED", message="refused as changed twice", request=request)

    def query(self, refund: RefundToPay) -> Receipt:
        """The row as it stands. Still waiting for the shop with the same amount: our decision never arrived."""
        client, refusal = _client(refund)
        if client is None:
            return refusal
        request = {"aftersale_id": _refund_id(refund)}
        snapshot, refusal = _read(client, refund, request)
        return refusal if snapshot is None else judge(snapshot, refund, request)

    @staticmethod
    def _after_decision(client: DouyinClient, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
        """Taken. Paid is what the row says; should it not be readable now, the poll asks."""
        snapshot, _refusal = _read(client, refund, request)
        judged = judge(snapshot, refund, request) if snapshot is not None else None
        if judged is None or judged.outcome == Outcome.UNKNOWN_NUMBER:
            return Receipt(Outcome.PROCESSING, request=request)
        return judged


def judge(snapshot: AfterSale, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
    """What a row of the platform means for our number. UNKNOWN_NUMBER: it waits for us, nothing was paid."""
    case = platform_case(snapshot, is_shipped=True)
    known: dict[str, Any] = {
        "channel_number": snapshot.refund_id,
        "request": request,
        "raw": {
            "status": snapshot.status,
            "refund_status": snapshot.money,
            "refund_amount": snapshot.refund_fee,
            "update_time": snapshot.version,
        },
        "snapshot": case,
    }
    if snapshot.status == Status.AGREED and snapshot.is_refund_only:
        return _of_money(snapshot, known)
    if snapshot.status == Status.CLOSED:
        return Receipt(Outcome.NOT_PAYABLE, code="CLOSED", message="closed on the platform", **known)
    is_same = snapshot.refund_fee == refund.amount_fen and (refund.case is None or case.kind == refund.case.kind)
    if snapshot.waits_for_seller and snapshot.is_refund_only and is_same:
        return Receipt(Outcome.UNKNOWN_NUMBER, **known)
    return Receipt(Outcome.NOT_PAYABLE, code="CHANGED", message="changed on the platform", **known)


def _of_money(snapshot: AfterSale, known: dict[str, Any]) -> Receipt:
    """Agreed: the money has its own status, and a number of it that no table names decides nothing."""
    if snapshot.money == Money.PAID:
        return Receipt(Outcome.SUCCESS, amount_fen=snapshot.paid_fee or snapshot.refund_fee, **known)
    if snapshot.money in UNDER_WAY:
        return Receipt(Outcome.PROCESSING, **known)
    if snapshot.money == Money.FAILED:
        return Receipt(Outcome.ABNORMAL, code="FAILED", message=snapshot.fail_reason, **known)
    return Receipt(Outcome.REFUSED, code="MONEY_STATE", message=f"refund_status {snapshot.money}", **known)


def _check_type(case: Case, names: dict[int, str]) -> None:
    """The account has the platform's code for this decision; it is public nowhere, so the shop must fill it in."""
    client = _client_of(case.shop)
    kind = KINDS.get(CaseKind(case.kind))
    if client is None:
        raise Refused(
            "ACCOUNT",
            _("No Douyin account is connected: connect one under Settings, Courier and platform accounts."),
        )
    if kind is None:
        raise Refused("BY_HAND", _("Douyin's price differences are settled on its own page."))
    if client.type_setting(kind, names) is None:
        raise Refused(
            "TYPE_SETTING",
            _("Fill in “%(name)s” of the Douyin account under Settings, Courier and platform accounts: Douyin's "
              "table of operation types (its document 93/2752) names it.") % {"name": names[kind]},
            setting=names[kind],
        )  # fmt: skip


def _client_of(shop: Any) -> DouyinClient | None:
    account: Any = platform_account(shop, Platform.DOUYIN)
    client = None if account is None else client_of(account)
    return client if isinstance(client, DouyinClient) else None


def _client(refund: RefundToPay) -> tuple[DouyinClient | None, Receipt]:
    client = _client_of(refund.shop)
    if client is None:
        return None, Receipt(Outcome.REFUSED, code="ACCOUNT", message="no Douyin account is connected")
    if refund.case is None:
        return None, Receipt(Outcome.REFUSED, code="CASE", message="Douyin pays back cases only")
    return client, Receipt(Outcome.UNKNOWN)


def _refund_id(refund: RefundToPay) -> str:
    return refund.case.number if refund.case else ""


def _read(client: DouyinClient, refund: RefundToPay, request: dict[str, Any]) -> tuple[AfterSale | None, Receipt]:
    """The row, or what a failed reading means: never more than "ask again", since reading pays nothing."""
    try:
        return client.refund_detail(_refund_id(refund)), Receipt(Outcome.UNKNOWN)
    except PlatformError as error:
        outcome = Outcome.THROTTLED if error.retry else Outcome.REFUSED
        return None, Receipt(outcome, code=error.code, message=error.message, request=request)


def _receipt(error: PlatformError, request: dict[str, Any]) -> Receipt:
    """A refused or lost decision."""
    outcome = REFUSALS.get(error.error_class, Outcome.REFUSED)
    if error.is_unknown_outcome:
        outcome = Outcome.UNKNOWN
    elif error.error_class == ErrorClass.TRANSIENT:
        outcome = Outcome.THROTTLED
    code = error.code
    if error.error_class == ErrorClass.BY_HAND:
        code = "TYPE_SETTING" if error.code == "TYPE_SETTING" else "BY_HAND"
    return Receipt(outcome, code=code, message=error.message, request=request)
