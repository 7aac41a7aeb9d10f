"""What Douyin tells about an after-sale or an order, read once into typed rows. Money in fen, instants aware UTC.

The list and the detail of an after-sale say the same under different names (`aftersale_id`, `after_sale_id`); both are
brought down to one row here. The list calls an exchange that waits for the buyer 3, everything else calls it 13.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from merchant import incoming
from merchant.platforms.values import identifier, instant, mapping, number, required_id


class Status(IntEnum):
    """`aftersale_status`."""

    WAIT_SELLER = 6
    WAIT_BUYER_RETURN = 7
    WAIT_SELLER_SEND = 8
    WAIT_SELLER_RECEIVE = 11
    AGREED = 12
    WAIT_BUYER_RECEIVE = 13
    SENT_AGAIN = 14
    REFUSED = 27
    CLOSED = 28
    REFUSED_AFTER_RETURN = 29


class Kind(IntEnum):
    """`aftersale_type`."""

    RETURN_REFUND = 0
    REFUND_SHIPPED = 1
    REFUND_UNSHIPPED = 2
    EXCHANGE = 3
    PRICE = 6
    RESEND = 7
    REPAIR = 8


class Money(IntEnum):
    """`refund_status`: where the buyer's money is."""

    NONE = 0
    WAITING = 1
    PAYING = 2
    PAID = 3
    FAILED = 4


LIST_WAIT_BUYER_RECEIVE = 3
REFUND_ONLY = (Kind.REFUND_SHIPPED, Kind.REFUND_UNSHIPPED)
# The platform's own judges look at it, or wait for the shop's proof.
ARBITRATED = (1, 4)
UNDER_WAY = (Money.NONE, Money.WAITING, Money.PAYING)


@dataclass(frozen=True)
class AfterSale:
    """One after-sale as the platform had it at that moment; numbers stay the wire's.

    `version` is its `update_time`, whole seconds: two changes of one second share a version. `refund_fee` includes the
    freight `post_fee`; `paid_fee` is what has really moved, where the platform says so.
    """

    refund_id: str
    oid: str
    status: int
    kind: int
    money: int
    refund_fee: int
    post_fee: int
    version: int
    paid_fee: int = 0
    arbitration: int = 0
    order_status: int = 0
    got_package: bool = False
    quantity: int = 0
    reason: str = ""
    fail_reason: str = ""
    line_ids: tuple[str, ...] = ()
    apply_at: datetime | None = None
    update_at: datetime | None = None
    deadline_at: datetime | None = None
    final_at: datetime | None = None
    # What the buyer sends the goods back with; where the detail holds it is an assumption.
    return_no: str = ""
    return_company: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_refund_only(self) -> bool:
        return self.kind in REFUND_ONLY

    @property
    def waits_for_seller(self) -> bool:
        """The request can still be agreed or refused by us, and has certainly not been paid."""
        return self.status == Status.WAIT_SELLER and self.arbitration not in ARBITRATED


@dataclass(frozen=True)
class OrderItem:
    """A sub-order. `pay_fee` is what the buyer paid for it, its share of the freight `post_fee` included."""

    order_item_id: str
    item_id: str
    sku_id: str
    seller_code: str
    title: str
    spec: str
    quantity: int
    goods_fee: int
    pay_fee: int
    post_fee: int
    is_virtual: bool = False
    received_at: datetime | None = None
    picture_url: str = ""


@dataclass(frozen=True)
class OrderParcel:
    """A parcel of an order; `company` is the platform's code for the courier, `company_name` its name."""

    company: str
    company_name: str
    express_no: str
    ship_at: datetime | None
    line_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """One order as the platform had it. `total_fee` is what the buyer paid, freight included."""

    oid: str
    status: int
    total_fee: int
    express_fee: int
    subsidy_fee: int
    version: int
    payment_number: str = ""
    items: tuple[OrderItem, ...] = ()
    parcels: tuple[OrderParcel, ...] = ()
    buyer_open_id: str = ""
    name: str = ""
    mobile: str = ""
    address: str = ""
    province: str = ""
    city: str = ""
    buyer_note: str = ""
    seller_note: str = ""
    cancel_reason: str = ""
    create_at: datetime | None = None
    pay_at: datetime | None = None
    ship_at: datetime | None = None
    finish_at: datetime | None = None
    ship_by_at: datetime | None = None
    update_at: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def moment(seconds: Any) -> datetime | None:
    """Epoch seconds as an aware instant; zero, absent or unreadable is no instant."""
    return instant(number(seconds) * 1000)


def read_list_item(row: Any) -> AfterSale:
    """An after-sale from one item of the list. Raises ValueError when it is none."""
    fields = mapping(row)
    info, order = mapping(fields.get("aftersale_info")), mapping(fields.get("order_info"))
    words = fields.get("text_part") or {}
    items = [mapping(item) for item in order.get("related_order_info") or []]
    status = _whole(info, "aftersale_status")
    return AfterSale(
        refund_id=required_id(info, "aftersale_id"),
        # The number an order is called by here is the parent's; `related_id` may be a sub-order's.
        oid=identifier(order.get("shop_order_id")) or required_id(info, "related_id"),
        status=Status.WAIT_BUYER_RECEIVE if status == LIST_WAIT_BUYER_RECEIVE else status,
        kind=_whole(info, "aftersale_type"),
        money=number(info.get("refund_status")),
        refund_fee=_whole(info, "refund_amount"),
        post_fee=number(info.get("refund_post_amount")),
        version=_whole(info, "update_time"),
        arbitration=number(info.get("arbitrate_status")),
        order_status=number(items[0].get("order_status")) if items else 0,
        got_package=number(info.get("got_pkg")) == 1,
        quantity=number(info.get("aftersale_num")),
        reason=str(words.get("reason_text") or "") if isinstance(words, Mapping) else "",
        line_ids=_line_ids(items),
        apply_at=moment(info.get("apply_time")),
        update_at=moment(info.get("update_time")),
        deadline_at=moment(info.get("status_deadline")),
        final_at=moment(info.get("aftersale_status_to_final_time")),
        return_no=identifier(info.get("return_logistics_code"))[:40],
        return_company=str(info.get("return_logistics_company_name") or ""),
        raw=dict(fields),
    )


def read_detail(data: Any) -> AfterSale:
    """An after-sale from the detail answer. Raises ValueError when it is none."""
    fields = mapping(data)
    info = mapping(mapping(fields.get("process_info")).get("after_sale_info"))
    judges = mapping(fields["process_info"]).get("arbitrate_info") or {}
    roads = mapping(fields["process_info"]).get("logistics_info") or {}
    sent_back = roads.get("return") if isinstance(roads, Mapping) else None
    sent_back = sent_back if isinstance(sent_back, Mapping) else {}
    order = mapping(fields.get("order_info"))
    items = [mapping(item) for item in order.get("sku_order_infos") or []]
    return AfterSale(
        refund_id=required_id(info, "after_sale_id"),
        oid=required_id(order, "shop_order_id"),
        status=_whole(info, "after_sale_status"),
        kind=_whole(info, "after_sale_type"),
        money=number(info.get("refund_status")),
        refund_fee=_whole(info, "refund_total_amount"),
        post_fee=number(info.get("refund_post_amount")),
        version=_whole(info, "update_time"),
        paid_fee=number(info.get("real_refund_amount")),
        arbitration=number(judges.get("arbitrate_status")) if isinstance(judges, Mapping) else 0,
        order_status=number(items[0].get("order_status")) if items else 0,
        got_package=number(info.get("got_pkg")) == 1,
        quantity=number(info.get("after_sale_apply_count")),
        reason=str(info.get("reason") or ""),
        fail_reason=str(info.get("refund_fail_reason") or ""),
        line_ids=_line_ids(items),
        apply_at=moment(info.get("apply_time")),
        update_at=moment(info.get("update_time")),
        deadline_at=moment(info.get("status_deadline")),
        return_no=identifier(sent_back.get("tracking_no"))[:40],
        return_company=str(sent_back.get("company_code") or sent_back.get("company_name") or ""),
        raw=dict(fields),
    )


def read_order(row: Any) -> Order:
    """An order from the detail answer's `shop_order_detail` or a row of the list. Raises ValueError when it is none."""
    fields = mapping(row)
    address = fields.get("mask_post_addr") or {}
    place = address if isinstance(address, Mapping) else {}
    return Order(
        oid=required_id(fields, "order_id"),
        status=_whole(fields, "order_status"),
        total_fee=_whole(fields, "pay_amount"),
        express_fee=number(fields.get("post_amount")),
        subsidy_fee=number(fields.get("promotion_platform_amount")),
        version=number(fields.get("update_time")),
        payment_number=identifier(fields.get("channel_payment_no")),
        items=tuple(_item(mapping(item)) for item in fields.get("sku_order_list") or []),
        parcels=tuple(_parcel(mapping(parcel)) for parcel in fields.get("logistics_info") or []),
        buyer_open_id=str(fields.get("doudian_open_id") or ""),
        name=str(fields.get("mask_post_receiver") or ""),
        mobile=str(fields.get("mask_post_tel") or ""),
        address=str(place.get("detail") or ""),
        province=_name(place.get("province")),
        city=_name(place.get("city")),
        buyer_note=str(fields.get("buyer_words") or ""),
        seller_note=str(fields.get("seller_words") or ""),
        cancel_reason=str(fields.get("cancel_reason") or ""),
        create_at=moment(fields.get("create_time")),
        pay_at=moment(fields.get("pay_time")),
        ship_at=moment(fields.get("ship_time")),
        finish_at=moment(fields.get("finish_time")),
        ship_by_at=moment(fields.get("exp_ship_time")),
        update_at=moment(fields.get("update_time")),
        raw=dict(fields),
    )


def order_number(row: Any) -> str:
    """The number in a row of the order list that may be anything; empty where there is none."""
    found = row.get("order_id") if isinstance(row, Mapping) else None
    return incoming.clean_text(str(found or ""))[:64] if isinstance(found, int | str) else ""


def _item(fields: Mapping[str, Any]) -> OrderItem:
    specs = [spec for spec in fields.get("spec") or [] if isinstance(spec, Mapping)]
    return OrderItem(
        order_item_id=required_id(fields, "order_id"),
        item_id=identifier(fields.get("product_id")),
        sku_id=identifier(fields.get("sku_id")),
        seller_code=str(fields.get("code") or ""),
        title=str(fields.get("product_name") or ""),
        spec=";".join(f"{spec.get('name', '')}:{spec.get('value', '')}" for spec in specs),
        quantity=max(1, number(fields.get("item_num"))),
        goods_fee=number(fields.get("order_amount")),
        pay_fee=number(fields.get("pay_amount")),
        post_fee=number(fields.get("post_amount")),
        is_virtual=number(fields.get("goods_type")) == 1,
        received_at=moment(fields.get("confirm_receipt_time")) or moment(fields.get("logistics_receipt_time")),
        picture_url=str(fields.get("product_pic") or ""),
    )


def _parcel(fields: Mapping[str, Any]) -> OrderParcel:
    goods = [item for item in fields.get("product_info") or [] if isinstance(item, Mapping)]
    return OrderParcel(
        company=str(fields.get("company") or ""),
        company_name=str(fields.get("company_name") or ""),
        express_no=identifier(fields.get("tracking_no")),
        ship_at=moment(fields.get("ship_time")),
        line_ids=tuple(identifier(item.get("sku_order_id")) for item in goods if item.get("sku_order_id")),
    )


def _line_ids(items: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(found for item in items if (found := identifier(item.get("sku_order_id"))))


def _name(place: Any) -> str:
    return str(place.get("name") or "") if isinstance(place, Mapping) else ""


def _whole(fields: Mapping[str, Any], name: str) -> int:
    """A number that must be there: an amount or a status that is missing is never taken for zero."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"no {name}")
    return incoming.whole(value)
