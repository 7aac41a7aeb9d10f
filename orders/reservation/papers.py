"""Where the orders behind moves of stock are read."""

from collections.abc import Mapping, Sequence

from django.urls import reverse

from orders.record.models import Order


def find(shop_id: int, numbers: Sequence[str]) -> Mapping[str, str]:
    """Number → page of the orders among these."""
    known = Order.objects.filter(shop_id=shop_id, number__in=numbers).values_list("number", flat=True)
    return {number: reverse("order_detail", args=[shop_id, number]) for number in known}
