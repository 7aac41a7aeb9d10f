"""抖店 after-sales as its API gives them: money in fen, unix seconds, nested JSON in one of two spellings.

Numbers with a public meaning are mapped; any other is refused by name, since nothing is guessed about money.
`related_order_info` carries enough of the order to make it when it is not here yet; `order_logistics` its parcels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.channels import douyin_words
from aftersales.channels.snapshot import WITH_DEADLINE, PlatformCase
from aftersales.platforms.profiles.base import CaseProfile
from merchant.carriers.registry import code_of
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment
from orders.intake.readers import Row
from orders.intake.registry import register_profile
from orders.intake.values import BadValue, identifier, moment, money, structure, text, whole
from orders.payments.enums import PayChannel
from orders.record.enums import SENT, OrderState

KINDS = {str(int(number)): kind for number, kind in douyin_words.KINDS.items()}
STATES = {str(int(number)): state for number, state in douyin_words.STATES.items()}
ORDER_STATES: dict[str, OrderState] = {
    "1": OrderState.PENDING_PAYMENT,
    "105": OrderState.TO_FULFIL,
    "2": OrderState.TO_FULFIL,
    "101": OrderState.PARTLY_SHIPPED,
    "3": OrderState.SHIPPED,
    "4": OrderState.CLOSED,
    "5": OrderState.COMPLETED,
}
MONEY_MOVED = "3"


class DouyinRefundRows(CaseProfile):
    """Rows of `/afterSale/List` as they are stored by shops that pull them."""

    name = "douyin_refund_rows"
    titles = {"en": "Douyin after-sales (API rows)", "zh": "抖店售后单 (接口数据)"}
    signature = frozenset({"aftersale_id", "aftersale_type", "aftersale_status", "related_id", "refund_amount"})
    known_columns = frozenset(
        {"order_logistics", "related_order_info", "order_status", "apply_time", "update_time", "status_deadline",
         "return_logistics_code", "return_logistics_company_name", "refund_post_amount", "refund_status", "text_part",
         "order_sku_order_id", "got_pkg", "aftersale_num"}
    )  # fmt: skip
    order_column = "related_id"
    number_column = "aftersale_id"

    def snapshot(self, row: Row, *, is_shipped: bool | None) -> PlatformCase:
        kind = _word(row, "aftersale_type", KINDS)
        state = _word(row, "aftersale_status", STATES)
        amount = money(row.get("refund_amount"), "refund_amount", "fen")
        if amount is None:
            raise BadValue("refund_amount", _("this is empty"))
        updated = moment(row.get("update_time"), "update_time")
        state, is_paid = douyin_words.where_it_stands(
            state, kind, amount_fen=amount, is_paid=text(row.get("refund_status")) == MONEY_MOVED
        )
        company = text(row.get("return_logistics_company_name"))
        returned = identifier(row.get("return_logistics_code"), "return_logistics_code")
        return PlatformCase(
            number=_required(identifier(row.get("aftersale_id"), "aftersale_id"), "aftersale_id"),
            order_number=_required(identifier(row.get("related_id"), "related_id"), "related_id"),
            kind=kind,
            state=state,
            amount_fen=amount,
            freight_fen=money(row.get("refund_post_amount"), "refund_post_amount", "fen") or 0,
            version=int(updated.timestamp()) if updated else 0,
            status=douyin_words.status_word(text(row.get("aftersale_status")), text(row.get("refund_status")), amount),
            reason=_pick(_object(row.get("text_part"), "text_part"), "reasonText", "reason_text"),
            line_ids=tuple(
                identifier(_first(item, "skuOrderId", "sku_order_id"), "sku_order_id") for item in _related(row)
            ),
            quantity=whole(row.get("aftersale_num"), "aftersale_num") or 0,
            applied_at=moment(row.get("apply_time"), "apply_time"),
            deadline=moment(row.get("status_deadline"), "status_deadline") if state in WITH_DEADLINE else None,
            paid_fen=amount if is_paid else None,
            paid_at=moment(row.get("aftersale_status_to_final_time"), "aftersale_status_to_final_time") or updated,
            channel_number=text(row.get("aftersale_id")),
            return_courier=code_of("", returned, name=company) if returned else "",
            return_waybill=returned,
        )

    def order(self, rows: Sequence[Row]) -> NormalOrder:
        row = rows[0]
        number = _required(identifier(row.get("related_id"), "related_id"), "related_id")
        state = _word(row, "order_status", ORDER_STATES)
        items: dict[str, Mapping[str, Any]] = {}
        for each in rows:
            for item in _related(each):
                items.setdefault(identifier(_first(item, "skuOrderId", "sku_order_id"), "sku_order_id"), item)
        if not items:
            raise BadValue("related_order_info", _("this is empty"))
        packages = self.packages(row)
        placed_at = min(
            filter(None, (moment(_first(item, "createTime", "create_time"), "create_time") for item in items.values())),
            default=None,
        )
        applied_at = moment(row.get("apply_time"), "apply_time")
        placed_at = placed_at or applied_at
        if placed_at is None:
            raise BadValue("apply_time", _("this is empty"))
        paid = sum(_fen(item, "payAmount", "pay_amount") for item in items.values())
        freight = sum(_fen(item, "postAmount", "post_amount") for item in items.values())
        subsidy = sum(_fen(item, "promotionPayAmount", "promotion_pay_amount") for item in items.values())
        is_paid = state != OrderState.PENDING_PAYMENT
        sent_at = min((package.shipped_at for package in packages if package.shipped_at), default=None)
        # A closed order that named a parcel had left the house before it was closed.
        is_sent = state in SENT or (state == OrderState.CLOSED and bool(packages))
        has_goods = state == OrderState.COMPLETED or text(row.get("got_pkg")) == "1"
        return NormalOrder(
            number=number,
            placed_at=placed_at,
            state=state,
            lines=[_line(external_id, item) for external_id, item in items.items()],
            paid_fen=paid,
            freight_fen=freight,
            subsidy_fen=max(0, subsidy),
            # The rows do not say when it was paid; it was before it could be shipped or refunded.
            paid_at=placed_at if is_paid else None,
            shipped_at=(sent_at or applied_at) if is_sent else None,
            received_at=applied_at if is_sent and has_goods else None,
            completed_at=applied_at if state == OrderState.COMPLETED else None,
            closed_at=moment(row.get("update_time"), "update_time") if state == OrderState.CLOSED else None,
            source_status=text(row.get("order_status")),
            payments=[NormalPayment(PayChannel.DOUYIN, number, paid, placed_at)] if is_paid else [],
            packages=packages,
        )

    def packages(self, row: Row) -> list[NormalPackage]:
        found = structure(row.get("order_logistics"), "order_logistics") or []
        packages = []
        for parcel in found if isinstance(found, list) else [found]:
            waybill = identifier(_first(parcel, "trackingNo", "tracking_no"), "tracking_no")
            if waybill:
                word = text(_first(parcel, "companyCode", "company_code"))
                name = text(_first(parcel, "companyName", "company_name"))
                at = moment(_first(parcel, "logisticsTime", "logistics_time"), "logistics_time")
                packages.append(NormalPackage(code_of(word, waybill, name=name), waybill, at))
        return packages


def _line(external_id: str, item: Mapping[str, Any]) -> NormalLine:
    quantity = whole(_first(item, "itemNum", "item_num"), "item_num") or 1
    specs = _first(item, "skuSpec", "sku_spec") or []
    return NormalLine(
        title=text(_first(item, "productName", "product_name")),
        quantity=quantity,
        goods_fen=_fen(item, "price", "price") * quantity,
        net_fen=_fen(item, "payAmount", "pay_amount") - _fen(item, "postAmount", "post_amount"),
        external_id=external_id,
        item_id=text(_first(item, "shopSkuCode", "shop_sku_code")) or external_id,
        product_id=text(_first(item, "productId", "product_id")),
        sku_code=text(_first(item, "shopSkuCode", "shop_sku_code")),
        spec=" ".join(f"{spec.get('name', '')}:{spec.get('value', '')}" for spec in specs if isinstance(spec, dict)),
    )


def _related(row: Row) -> list[Mapping[str, Any]]:
    found = structure(row.get("related_order_info"), "related_order_info") or []
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]


def _object(value: Any, field: str) -> Mapping[str, Any]:
    found = structure(value, field)
    return found if isinstance(found, dict) else {}


def _first(item: Mapping[str, Any], *names: str) -> Any:
    return next((item[name] for name in names if name in item), None)


def _pick(item: Mapping[str, Any], *names: str) -> str:
    return text(_first(item, *names))


def _fen(item: Mapping[str, Any], *names: str) -> int:
    return money(_first(item, *names), names[-1], "fen") or 0


def _word(row: Row, column: str, words: Mapping[str, Any]) -> Any:
    said = text(row.get(column))
    if said not in words:
        raise BadValue(column, _("“%(value)s” is a status this layout does not know") % {"value": said[:40]})
    return words[said]


def _required(value: str, field: str) -> str:
    if not value:
        raise BadValue(field, _("this is empty"))
    return value


register_profile(DouyinRefundRows())
