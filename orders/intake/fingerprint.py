"""The digest by which an unchanged order is known without comparing its columns."""

import hashlib
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from orders.intake.normal import NormalOrder
from orders.intake.values import BadValue

# Raise when the columns an import writes change meaning, so that the next import writes every order again.
LAYOUT = b"1"


def fingerprint(order: NormalOrder) -> bytes:
    """16 bytes over everything the source said. Keyed: the digest of a short order must not give away a phone.

    Raises BadValue on text no database takes (half a surrogate pair, a NUL), which only broken answers hold.
    """
    person = order.recipient
    said = (
        order.number,
        order.placed_at.timestamp(),
        order.state,
        [
            (line.title, line.quantity, line.goods_fen, line.net_fen, line.refunded_fen, line.external_id, line.item_id,
             line.product_id, line.sku_code, line.spec, str(line.category_class))
            for line in order.lines
        ],
        order.paid_fen, order.freight_fen, order.goods_fen, order.shop_discount_fen, order.subsidy_fen,
        order.refunded_fen,
        [at and at.timestamp() for at in (
            order.paid_at, order.shipped_at, order.received_at, order.completed_at, order.closed_at, order.ship_by_at)],
        order.source_status, order.close_reason, order.pay_method,
        [(payment.channel, payment.number, payment.amount_fen) for payment in order.payments],
        order.buyer_id, order.buyer_nickname,
        person and (person.name, person.phone, person.address, person.virtual_phone, person.province, person.city,
                    person.region_code, person.virtual_until and person.virtual_until.timestamp()),
        order.buyer_note, order.seller_note, order.flag, order.host_name, order.benefits,
        [(package.courier, package.waybill, package.shipped_at and package.shipped_at.timestamp(), package.line_ids)
         for package in order.packages],
    )  # fmt: skip
    written = repr(said)
    # repr escapes exactly what cannot be stored; whether it is that or a backslash of the text's own is looked up then.
    if ("\\ud" in written or "\\x00" in written) and _holds_unstorable(said):
        raise BadValue(_("text"), _("it holds characters that cannot be stored"))
    key = settings.PII_INDEX_KEY.encode()[:64]
    return hashlib.blake2b(LAYOUT + written.encode(), digest_size=16, key=key).digest()


def _holds_unstorable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, list | tuple) and any(map(_holds_unstorable, value))
