"""What Kuaishou tells about a refund or an order, read once into typed rows. Money in fen, instants aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from merchant import incoming
from merchant.carriers import registry as carriers
from merchant.platforms.values import identifier, instant, mapping, number, required_id

CODE = "kuaishou"


class RefundStatus(IntEnum):
    """`status` of an after-sale. 10, 50, 60 and 70 are the road of a refund-only case."""

    REFUND_APPLIED = 10  # the buyer asks for the money, the seller is to answer
    RETURN_APPLIED = 11
    REFUSED = 12  # the seller refused, the buyer is to answer
    PLATFORM = 20  # the platform decides a refund-only case
    PLATFORM_RETURN = 21
    RETURN_AGREED = 22
    WAIT_BUYER_RETURN = 30
    WAIT_SELLER_RECEIVE = 40
    WAIT_BUYER_RECEIVE = 45
    PAYING = 50
    PAID = 60
    CLOSED = 70


class HandlingWay(IntEnum):
    """`handlingWay`: what the buyer wants."""

    RETURN_REFUND = 1
    EXCHANGE = 3
    RESEND = 4
    REPAIR = 5
    REFUND_ONLY = 10


class NegotiateStatus(IntEnum):
    """`negotiateStatus`. 0 and 1 both mean that the seller is to act."""

    NONE = 0
    WAIT_SELLER = 1
    AGREED = 2
    REFUSED = 3


class OrderStatus(IntEnum):
    """`status` of an order."""

    UNKNOWN = 0
    UNPAID = 10
    PAID = 30
    SHIPPED = 40
    SIGNED = 50
    SUCCESS = 70
    FAILED = 80


@dataclass(frozen=True)
class RefundSnapshot:
    """One after-sale as the platform had it at that moment.

    `version` grows with every change of the row: the wire's `refundVersion` where it is sent, else `updateTime` in
    milliseconds (our reading: no public page says what to pass as `refundVersion`, and the detail answer has no
    field of that name). `status`, `handling_way`, `negotiate_status`, `receipt_status` stay the wire's numbers.
    """

    refund_id: str
    oid: str
    status: int
    handling_way: int
    negotiate_status: int
    receipt_status: int
    refund_fee: int
    version: int
    reason: str = ""
    description: str = ""
    refund_type: int = 0
    special_refund_type: int = 0
    seller_id: str = ""
    buyer_open_id: str = ""
    express_code: int = 0
    express_no: str = ""
    submit_at: datetime | None = None
    update_at: datetime | None = None
    expire_at: datetime | None = None
    end_at: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_refund_only(self) -> bool:
        return self.handling_way == HandlingWay.REFUND_ONLY

    @property
    def waits_for_seller(self) -> bool:
        """The money can still be approved or refused by us, and has certainly not been paid."""
        return self.status in (RefundStatus.REFUND_APPLIED, RefundStatus.RETURN_APPLIED)

    @property
    def is_paying(self) -> bool:
        return self.status == RefundStatus.PAYING

    @property
    def is_paid(self) -> bool:
        return self.status == RefundStatus.PAID

    @property
    def is_closed(self) -> bool:
        """Closed without paying: withdrawn, refused to the end, or given up by the platform."""
        return self.status == RefundStatus.CLOSED


@dataclass(frozen=True)
class OrderItem:
    """One thing bought. `price` is for one piece before discounts, fen (our reading of `price`)."""

    item_id: str
    sku_id: str
    order_item_id: str
    title: str
    spec: str
    seller_code: str
    quantity: int
    price: int
    original_price: int
    discount_fee: int
    category: str = ""
    picture_url: str = ""


@dataclass(frozen=True)
class OrderPackage:
    """A waybill of an order. `courier` is our code; where the platform's number has no row among the carriers, what the
    waybill shows, or UNKNOWN."""

    express_code: int
    express_no: str
    courier: str


@dataclass(frozen=True)
class MaskedRecipient:
    """The recipient as the platform shows it: masked text, and cipher text that only the platform can open."""

    name: str = ""
    mobile: str = ""
    address: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    town: str = ""
    encrypted_name: str = field(default="", repr=False)
    encrypted_mobile: str = field(default="", repr=False)
    encrypted_address: str = field(default="", repr=False)


@dataclass(frozen=True)
class OrderSnapshot:
    """One order as the platform had it. `total_fee` is what the buyer paid, freight included (our reading)."""

    oid: str
    status: int
    total_fee: int
    express_fee: int
    discount_fee: int
    version: int
    items: tuple[OrderItem, ...] = ()
    packages: tuple[OrderPackage, ...] = ()
    refunds: tuple[tuple[str, int], ...] = ()
    recipient: MaskedRecipient = field(default_factory=MaskedRecipient)
    buyer_open_id: str = ""
    buyer_nick: str = ""
    seller_open_id: str = ""
    remark: str = ""
    create_at: datetime | None = None
    pay_at: datetime | None = None
    send_at: datetime | None = None
    receive_at: datetime | None = None
    refund_at: datetime | None = None
    update_at: datetime | None = None
    promise_ship_at: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def read_refund(row: Any) -> RefundSnapshot:
    """A snapshot from a row of the list or the detail answer. Raises ValueError when it is not a refund."""
    fields = mapping(row)
    logistics = fields.get("logisticsInfo") or {}
    for name in ("refundId", "oid", "status", "handlingWay", "refundFee"):
        if not isinstance(fields.get(name), int | str) or isinstance(fields.get(name), bool):
            raise ValueError(f"a refund without {name}")
    return RefundSnapshot(
        refund_id=required_id(fields, "refundId"),
        oid=required_id(fields, "oid"),
        status=incoming.whole(fields["status"]),
        handling_way=incoming.whole(fields["handlingWay"]),
        negotiate_status=number(fields.get("negotiateStatus")),
        receipt_status=number(fields.get("receiptStatus")),
        refund_fee=incoming.whole(fields["refundFee"]),
        version=number(fields.get("refundVersion")) or number(fields.get("updateTime")),
        reason=str(fields.get("refundReasonDesc") or ""),
        description=str(fields.get("refundDesc") or ""),
        refund_type=number(fields.get("refundType")),
        special_refund_type=number(fields.get("specialRefundType")),
        seller_id=identifier(fields.get("sellerId")),
        buyer_open_id=str(fields.get("buyerOpenId") or ""),
        express_code=number(logistics.get("expressCode")) if isinstance(logistics, Mapping) else 0,
        express_no=str(logistics.get("expressNo") or "") if isinstance(logistics, Mapping) else "",
        submit_at=instant(fields.get("submitTime")) or instant(fields.get("createTime")),
        update_at=instant(fields.get("updateTime")),
        expire_at=instant(fields.get("expireTime")),
        end_at=instant(fields.get("endTime")),
        raw=dict(fields),
    )


def read_order(row: Any) -> OrderSnapshot:
    """A snapshot from a row of the list or the detail answer. Raises ValueError when it is not an order."""
    fields = mapping(row)
    base = mapping(fields.get("orderBaseInfo"))
    found = fields.get("orderItemInfo") or []
    # Kuaishou puts one item into one order and sends an object; a list is read too, should that change.
    items = found if isinstance(found, list) else [found]
    return OrderSnapshot(
        oid=required_id(base, "oid"),
        status=number(base.get("status")),
        total_fee=number(base.get("totalFee")),
        express_fee=number(base.get("expressFee")),
        discount_fee=number(base.get("discountFee")),
        version=number(base.get("updateTime")),
        items=tuple(_item(mapping(item)) for item in items),
        packages=tuple(_package(mapping(row)) for row in fields.get("orderLogisticsInfo") or []),
        refunds=tuple(
            (identifier(row.get("refundId")), number(row.get("refundStatus")))
            for row in fields.get("orderRefundList") or []
            if isinstance(row, Mapping)
        ),
        recipient=_recipient(fields.get("orderAddress") or {}),
        buyer_open_id=str(base.get("buyerOpenId") or ""),
        buyer_nick=str(base.get("buyerNick") or ""),
        seller_open_id=str(base.get("sellerOpenId") or ""),
        remark=str(base.get("remark") or ""),
        create_at=instant(base.get("createTime")),
        pay_at=instant(base.get("payTime")),
        send_at=instant(base.get("sendTime")),
        receive_at=instant(base.get("recvTime")),
        refund_at=instant(base.get("refundTime")),
        update_at=instant(base.get("updateTime")),
        promise_ship_at=instant(base.get("promiseTimeStampOfDelivery")),
        raw=dict(fields),
    )


def order_number(row: Any) -> str:
    """The number in a row of the order list that may be anything; empty where there is none."""
    base = row.get("orderBaseInfo") if isinstance(row, Mapping) else None
    number_of = base.get("oid") if isinstance(base, Mapping) else None
    return incoming.clean_text(str(number_of or ""))[:64] if isinstance(number_of, int | str) else ""


def _item(fields: Mapping[str, Any]) -> OrderItem:
    extra = fields.get("itemExtra") or {}
    category = extra.get("categoryInfo") or {} if isinstance(extra, Mapping) else {}
    return OrderItem(
        item_id=identifier(fields.get("itemId")),
        sku_id=identifier(fields.get("skuId")),
        order_item_id=identifier(fields.get("orderItemId")),
        title=str(fields.get("itemTitle") or ""),
        spec=str(fields.get("skuDesc") or ""),
        seller_code=str(fields.get("skuNick") or fields.get("goodsCode") or ""),
        quantity=max(1, number(fields.get("num"))),
        price=number(fields.get("price")),
        original_price=number(fields.get("originalPrice")),
        discount_fee=number(fields.get("discountFee")),
        category=str(category.get("categoryName") or "") if isinstance(category, Mapping) else "",
        picture_url=str(fields.get("itemPicUrl") or ""),
    )


def _package(fields: Mapping[str, Any]) -> OrderPackage:
    code = number(fields.get("expressCode"))
    waybill = str(fields.get("expressNo") or "")
    return OrderPackage(code, waybill, carriers.code_on(CODE, code) or carriers.code_of("", waybill))


def _recipient(fields: Any) -> MaskedRecipient:
    if not isinstance(fields, Mapping):
        return MaskedRecipient()
    text = {name: str(fields.get(name) or "") for name in fields}
    return MaskedRecipient(
        name=text.get("desensitiseConsignee", ""),
        mobile=text.get("desensitiseMobile", ""),
        address=text.get("desensitiseAddress", ""),
        province=text.get("province", ""),
        city=text.get("city", ""),
        district=text.get("district", ""),
        town=text.get("town", ""),
        encrypted_name=text.get("encryptedConsignee", ""),
        encrypted_mobile=text.get("encryptedMobile", ""),
        encrypted_address=text.get("encryptedAddress", ""),
    )
