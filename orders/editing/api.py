"""A new address for an order, by API."""

from rest_framework import serializers

from merchant.api.fields import Text
from merchant.api.resources import verb
from orders.editing import services
from orders.editing.forms import AddressForm
from orders.record.api import OrderApi
from orders.record.models import Order


def _line(name: str) -> Text:
    return Text(max_length=AddressForm.base_fields[name].max_length)  # type: ignore[attr-defined]


class AddressChangeSerializer(serializers.Serializer):
    """Whole or in part: an empty member keeps what the order has. The place is given whole or not at all."""

    name = _line("name")
    phone = _line("phone")
    province = _line("province")
    city = _line("city")
    district = _line("district")
    detail = _line("detail")
    reason = Text(max_length=200)


class OrderEditing(OrderApi):
    doors = ()

    @verb(AddressChangeSerializer)
    def change_address(self, order: Order, **said: str) -> None:
        """改地址: a new recipient before packing. The platform keeps the address it has."""
        services.change_address(order, by=self.by, **said)  # type: ignore[arg-type]


urlpatterns = OrderEditing.urls()
