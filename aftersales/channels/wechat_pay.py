"""微信支付 for orders of our own channel: our number is the channel's `out_refund_no`, so it never pays twice."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from aftersales.channels.base import Channel, Receipt, RefundToPay
from aftersales.channels.enums import RefundOutcome, WentTo
from aftersales.channels.registry import register
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.wechat import client as wechat_pay
from merchant.platforms.wechat.client import RefundAnswer, RefundState
from merchant.shops.services import platform_account
from orders.payments.enums import PayChannel

OUTCOMES: dict[RefundState, RefundOutcome] = {
    RefundState.SUCCESS: RefundOutcome.SUCCESS,
    RefundState.PROCESSING: RefundOutcome.PROCESSING,
    RefundState.CLOSED: RefundOutcome.CLOSED,
    RefundState.ABNORMAL: RefundOutcome.ABNORMAL,
}
# What the channel says to a call whose values do not fit: a trade it does not know, a sum that is not there any more.
FOR_GOOD = frozenset({ErrorClass.BAD_REQUEST, ErrorClass.NOT_FOUND})
REFUSALS: dict[ErrorClass, RefundOutcome] = {
    ErrorClass.THROTTLED: RefundOutcome.THROTTLED,
    ErrorClass.NOT_ENOUGH: RefundOutcome.WAIT_FUNDS,
    # USER_ACCOUNT_ABNORMAL: the buyer's account is closed.
    ErrorClass.NOT_ALLOWED: RefundOutcome.ABNORMAL,
}


class WeChatPayChannel(Channel):
    """Refund to source through WeChat Pay v3."""

    code = PayChannel.WECHAT_PAY.value
    window = timedelta(days=365)
    tells_where_it_went = True

    def refund(self, refund: RefundToPay) -> Receipt:
        account, refusal = _account(refund)
        if account is None:
            return refusal
        request: dict[str, Any] = {
            "out_trade_no": refund.payment.channel_number,
            "out_refund_no": refund.number,
            "amount_fen": refund.amount_fen,
            "total_fen": refund.payment.trade_fen,
        }
        try:
            answer = wechat_pay.refund(account, **request, notify_url=_notify_url(account))
        except PlatformError as error:
            return _refusal(error, request, is_query=False)
        return _receipt(answer, request)

    def query(self, refund: RefundToPay) -> Receipt:
        account, refusal = _account(refund)
        if account is None:
            return refusal
        request = {"out_refund_no": refund.number}
        try:
            answer = wechat_pay.query(account, refund.number)
        except PlatformError as error:
            return _refusal(error, request, is_query=True)
        return _receipt(answer, request)

    def find(self, refund: RefundToPay, number: str) -> Receipt:
        account, refusal = _account(refund)
        if account is None:
            return refusal
        request = {"out_refund_no": number}
        try:
            answer = wechat_pay.query(account, number)
        except PlatformError as error:
            return _refusal(error, request, is_query=True)
        if answer.out_trade_no != refund.payment.channel_number:
            return Receipt(RefundOutcome.UNKNOWN_NUMBER, code="TRADE", message=answer.out_trade_no, request=request)
        return _receipt(answer, request)


def _account(refund: RefundToPay) -> tuple[Any, Receipt]:
    account = platform_account(refund.shop, PayChannel.WECHAT_PAY.value)
    return account, Receipt(RefundOutcome.REFUSED, code="ACCOUNT", message="no WeChat Pay account is connected")


def _notify_url(account: Any) -> str:
    """This account's push door, where the channel can reach it: it takes https only, its sandbox takes http too.
    The address holds the account's token, so it is never part of a stored request."""
    needs_https = wechat_pay.address().startswith("https://")
    if needs_https and not settings.SITE_URL.startswith("https://"):
        return ""
    return settings.SITE_URL.rstrip("/") + reverse("platform_push", args=[account.push_token])


def _receipt(answer: RefundAnswer, request: dict[str, Any]) -> Receipt:
    # The channel's own words, without what could name the buyer (`received_account`).
    raw = {"status": answer.state.value, "refund_id": answer.refund_id, "went_to": went_to(answer.received_account)}
    return Receipt(
        OUTCOMES[answer.state],
        channel_number=answer.refund_id,
        amount_fen=answer.amount_fen,
        code="" if answer.state in (RefundState.SUCCESS, RefundState.PROCESSING) else answer.state.value,
        request=request,
        raw=raw,
    )


def went_to(received_account: str) -> str:
    """Balance or card, which is all that is kept of where the money went: the account itself names the buyer."""
    if "零钱" in received_account:
        return WentTo.BALANCE.value
    return WentTo.CARD.value if any(word in received_account for word in ("卡", "银行")) else ""


def _refusal(error: PlatformError, request: dict[str, Any], *, is_query: bool) -> Receipt:
    """NOT_FOUND of a query: the channel never took this number. NOT_FOUND of an order: it does not know the trade."""
    if error.is_unknown_outcome:
        outcome = RefundOutcome.UNKNOWN
    elif is_query and error.error_class == ErrorClass.NOT_FOUND:
        outcome = RefundOutcome.UNKNOWN_NUMBER
    elif error.error_class == ErrorClass.TRANSIENT:
        outcome = RefundOutcome.THROTTLED
    elif not is_query and error.error_class in FOR_GOOD:
        outcome = RefundOutcome.DENIED
    else:
        outcome = REFUSALS.get(error.error_class, RefundOutcome.REFUSED)
    return Receipt(outcome, code=error.code, message=error.message, request=request)


register(WeChatPayChannel())
