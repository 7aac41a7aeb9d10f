"""The signed address by which a buyer sees one order without signing in."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from orders.record.models import Order

SALT = "huicang.buyer-page"
LIFE = timedelta(days=30)


def link_of(order: Order) -> str:
    """The address to give to this order's buyer."""
    token = signing.dumps([order.shop_id, order.pk], salt=SALT)
    return settings.SITE_URL.rstrip("/") + reverse("buyer_page", args=[token])


def order_key_of(token: str) -> tuple[int, int]:
    """Shop and order of a link. Raises BadSignature, ValueError or TypeError for one that is no link or too old."""
    shop_id, pk = signing.loads(token, salt=SALT, max_age=LIFE)
    return shop_id, pk
