"""微信小店 after-sales as its API gives them: fen, unix seconds. They tell too little to make an order of."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseState
from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.profiles import exports
from aftersales.platforms.profiles.base import CaseProfile
from orders.intake.normal import NormalOrder, NormalPackage
from orders.intake.readers import Row
from orders.intake.registry import register_profile
from orders.intake.values import BadValue, moment, money, text, whole

# The states its interface documents; any other is refused by name.
STATES: dict[str, CaseState] = {
    "MERCHANT_PROCESSING": CaseState.APPLIED,
    "USER_WAIT_RETURN": CaseState.WAIT_BUYER_RETURN,
    "MERCHANT_WAIT_RECEIPT": CaseState.WAIT_SELLER_RECEIVE,
    "MERCHANT_REJECT_REFUND": CaseState.REFUSED,
    "MERCHANT_REJECT_RETURN": CaseState.REFUSED_AFTER_RETURN,
    "PLATFORM_REFUNDING": CaseState.REFUNDING,
    "MERCHANT_OVERDUE_REFUND": CaseState.REFUNDING,
    "MERCHANT_REFUND_SUCCESS": CaseState.SUCCESS,
    "MERCHANT_RETURN_SUCCESS": CaseState.SUCCESS,
    "USER_CANCELD": CaseState.CLOSED,
    "RETURN_CLOSED": CaseState.CLOSED,
}
TYPES = {"REFUND": False, "RETURN": True}


class WechatShopRefundRows(CaseProfile):
    name = "wechat_shop_refund_rows"
    titles = {"en": "WeChat shop after-sales (API rows)", "zh": "微信小店售后单 (接口数据)"}
    signature = frozenset({"after_sale_order_id", "status", "type", "refund_amount", "order_id", "update_time"})
    known_columns = frozenset({"create_time", "reason_text", "count", "product_id", "sku_id", "openid", "unionid"})
    order_column = "order_id"
    number_column = "after_sale_order_id"

    def snapshot(self, row: Row, *, is_shipped: bool | None) -> PlatformCase:
        state = exports.word(row, "status", STATES)
        is_return = exports.word(row, "type", TYPES)
        amount: int = exports.needed(money(row.get("refund_amount"), "refund_amount", "fen"), "refund_amount")
        updated = exports.needed(moment(row.get("update_time"), "update_time"), "update_time")
        is_paid = state == CaseState.SUCCESS and amount > 0
        number = exports.number(row, "after_sale_order_id")
        return PlatformCase(
            number=number,
            order_number=exports.number(row, "order_id"),
            kind=exports.refund_kind(is_return=is_return, is_shipped=bool(is_shipped)),
            state=state,
            amount_fen=amount,
            version=int(updated.timestamp()),
            status=text(row.get("status")),
            reason=text(row.get("reason_text")),
            quantity=whole(row.get("count"), "count") or 0,
            applied_at=moment(row.get("create_time"), "create_time"),
            paid_fen=amount if is_paid else None,
            paid_at=updated if is_paid else None,
            channel_number=number,
        )

    def order(self, rows: Sequence[Row]) -> NormalOrder:
        raise BadValue(self.order_column, _("this order is not here; import the orders first"))

    def packages(self, row: Row) -> list[NormalPackage]:
        return []


register_profile(WechatShopRefundRows())
