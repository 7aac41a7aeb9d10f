"""抖店 pays the buyer when a refund-only case is agreed to there; the row's `update_time` goes with every decision.

The decision carries no amount: the platform pays what its row asks for. Its versions count whole seconds, so a buyer
who changes the amount in the very second of our reading is found out afterwards, by what was paid.
"""

from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.enums import CaseKind
from aftersales.cases.models import Case
from aftersales.channels import douyin_words
from aftersales.channels.base import Receipt, RefundToPay
from aftersales.channels.enums import RefundOutcome
from aftersales.channels.platform import PlatformChannel
from aftersales.channels.registry import register
from aftersales.channels.snapshot import PlatformCase
from merchant.platforms.douyin.client import AGREE_TYPES, REFUSE_TYPES, DouyinClient
from merchant.platforms.douyin.snapshots import UNDER_WAY, AfterSale, Kind, Money, Status
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.refusals import Refused
from orders.payments.enums import PayChannel

KINDS = {CaseKind.REFUND_ONLY_SHIPPED: Kind.REFUND_SHIPPED, CaseKind.REFUND_ONLY_UNSHIPPED: Kind.REFUND_UNSHIPPED}


class DouyinChannel(PlatformChannel):
    """Refund-only cases of Douyin shops."""

    code = PayChannel.DOUYIN.value
    name = "Douyin"
    id_name = "aftersale_id"
    amount_name = "refund_amount"
    refusals = {**PlatformChannel.refusals, ErrorClass.BY_HAND: RefundOutcome.NOT_PAYABLE}

    def check_can_pay(self, case: Case) -> None:
        self._check_type(case, AGREE_TYPES)

    def check_can_tell(self, case: Case) -> None:
        self._check_type(case, REFUSE_TYPES)

    def platform_case(self, row: AfterSale, *, is_shipped: bool) -> PlatformCase:
        return douyin_words.platform_case(row, is_shipped=is_shipped)

    def judge(self, row: AfterSale, refund: RefundToPay, request: dict[str, Any]) -> Receipt:
        case = self.platform_case(row, is_shipped=True)
        known: dict[str, Any] = {
            "channel_number": row.refund_id,
            "request": request,
            "raw": {
                "status": row.status,
                "refund_status": row.money,
                "refund_amount": row.refund_fee,
                "update_time": row.version,
            },
            "snapshot": case,
        }
        if row.status == Status.AGREED and row.is_refund_only:
            return _of_money(row, known)
        if row.status == Status.CLOSED:
            return Receipt(RefundOutcome.NOT_PAYABLE, code="CLOSED", message="closed on the platform", **known)
        is_same = row.refund_fee == refund.amount_fen and (refund.case is None or case.kind == refund.case.kind)
        if row.waits_for_seller and row.is_refund_only and is_same:
            return Receipt(RefundOutcome.UNKNOWN_NUMBER, **known)
        return Receipt(RefundOutcome.NOT_PAYABLE, code="CHANGED", message="changed on the platform", **known)

    def seen(self, row: AfterSale) -> dict[str, Any]:
        return {"status": row.status, "update_time": row.version}

    def approve(self, client: DouyinClient, row: AfterSale, refund: RefundToPay) -> None:
        client.approve_refund(row)

    def refusal_code(self, error: PlatformError) -> str:
        if error.error_class != ErrorClass.BY_HAND:
            return error.code
        return "TYPE_SETTING" if error.code == "TYPE_SETTING" else "BY_HAND"

    def _check_type(self, case: Case, names: dict[int, str]) -> None:
        """The account has the platform's code for this decision; it is public nowhere, so the shop must fill it in."""
        client = self.client_for(case.shop)
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


def _of_money(row: AfterSale, known: dict[str, Any]) -> Receipt:
    """Agreed: the money has its own status, and a number of it that no table names decides nothing."""
    if row.money == Money.PAID:
        return Receipt(RefundOutcome.SUCCESS, amount_fen=row.paid_fee or row.refund_fee, **known)
    if row.money in UNDER_WAY:
        return Receipt(RefundOutcome.PROCESSING, **known)
    if row.money == Money.FAILED:
        return Receipt(RefundOutcome.ABNORMAL, code="FAILED", message=row.fail_reason, **known)
    return Receipt(RefundOutcome.REFUSED, code="MONEY_STATE", message=f"refund_status {row.money}", **known)


register(DouyinChannel())
