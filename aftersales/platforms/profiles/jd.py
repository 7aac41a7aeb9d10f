"""京东 after-sales as its API gives them: refunds before shipping (fen), and services. They tell too little to make an
order of."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseKind, CaseState
from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.profiles import exports
from aftersales.platforms.profiles.base import CaseProfile
from orders.intake.normal import NormalOrder, NormalPackage
from orders.intake.readers import Row
from orders.intake.registry import register_profile
from orders.intake.values import BadValue, moment, money, text

JD_KINDS = {
    "1": CaseKind.REFUND_ONLY_UNSHIPPED,
    "10": CaseKind.RETURN_REFUND,
    "20": CaseKind.EXCHANGE,
    "30": CaseKind.REPAIR,
}
# What the rows we have seen show (3: paid; 10010 done, 10011 cancelled) and 0 to 2 of JD's page; any other is refused.
JD_REFUNDS = {"0": CaseState.APPLIED, "1": CaseState.REFUNDING, "2": CaseState.REFUSED, "3": CaseState.SUCCESS}
JD_SERVICES = {"10010": CaseState.SUCCESS, "10011": CaseState.CLOSED}


class JdRefundRows(CaseProfile):
    """京东 after-sales of both its tables: refunds before shipping (fen) and services (return, exchange, repair)."""

    name = "jd_refund_rows"
    titles = {"en": "JD after-sales (API rows)", "zh": "京东售后单 (接口数据)"}
    signature = frozenset(
        {"apply_id", "order_id", "apply_time", "apply_refund_sum", "customer_expect", "refund_status"}
    )
    known_columns = frozenset(
        {"service_id", "service_status", "refund_check_time", "refund_reason", "update_time", "sku_id", "ware_name"}
    )
    order_column = "order_id"
    number_column = "apply_id"

    def snapshot(self, row: Row, *, is_shipped: bool | None) -> PlatformCase:
        kind = exports.word(row, "customer_expect", JD_KINDS)
        is_refund = kind == CaseKind.REFUND_ONLY_UNSHIPPED
        state = (
            exports.word(row, "refund_status", JD_REFUNDS)
            if is_refund
            else exports.word(row, "service_status", JD_SERVICES)
        )
        amount = money(row.get("apply_refund_sum"), "apply_refund_sum", "fen")
        if kind in (CaseKind.REFUND_ONLY_UNSHIPPED, CaseKind.RETURN_REFUND):
            exports.needed(amount, "apply_refund_sum")
        is_paid = is_refund and state == CaseState.SUCCESS and bool(amount)
        number = exports.number(row, "apply_id")
        if is_refund and is_shipped:
            kind = CaseKind.REFUND_ONLY_SHIPPED
        return PlatformCase(
            number=number,
            order_number=exports.number(row, "order_id"),
            kind=kind,
            state=state,
            amount_fen=amount or 0,
            version=exports.version(row, ("apply_time", "refund_check_time", "update_time")),
            status=text(row.get("refund_status")) or text(row.get("service_status")),
            reason=text(row.get("refund_reason")),
            applied_at=moment(row.get("apply_time"), "apply_time"),
            paid_fen=amount if is_paid else None,
            paid_at=moment(row.get("refund_check_time"), "refund_check_time") if is_paid else None,
            channel_number=number,
        )

    def order(self, rows: Sequence[Row]) -> NormalOrder:
        raise BadValue(self.order_column, _("this order is not here; import the orders first"))

    def packages(self, row: Row) -> list[NormalPackage]:
        return []


register_profile(JdRefundRows())
