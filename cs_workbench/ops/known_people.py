"""Whom a raw message may speak of without saying so: the recipients of the orders and parcels it names."""

import re

from django.db.models import Q

from logistics.parcels.models import Package
from merchant.inbox.models import InboxMessage
from merchant.vault import services as vault
from merchant.vault.models import Recipient
from orders.record.models import Order

_NUMBER = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9_\-]{6,64}(?![A-Za-z0-9])")
# Numbers of one message that are looked up; a push names one parcel, an answer at most a page of them.
ENOUGH = 200


def hidden_words(message: InboxMessage) -> dict[str, str]:
    """{name or address as it is: what may be shown for it}; empty for a message of no shop."""
    if message.shop_id is None:
        return {}
    text = bytes(message.body).decode("utf-8", errors="ignore")
    numbers = list(dict.fromkeys(_NUMBER.findall(text)))[:ENOUGH]
    if not numbers:
        return {}
    waybills = Package.objects.filter(shop_id=message.shop_id, waybill__in=[number.upper() for number in numbers])
    named = Q(number__in=numbers) | Q(pk__in=waybills.values("order_id"))
    held = Order.objects.filter(named, shop_id=message.shop_id, recipient__isnull=False)
    people = Recipient.objects.filter(orders__in=held[:ENOUGH].values("pk")).select_related("corrects")
    found = list(people[:ENOUGH])
    return vault.words_to_hide([*found, *(row.corrects for row in found if row.corrects is not None)])
