"""Notes and flags by API."""

from typing import Any

from rest_framework import serializers

from merchant.api.fields import Text
from merchant.api.resources import verb
from orders.record.api import OrderApi
from orders.record.enums import Flag
from orders.record.models import Order
from orders.remarks import services


class NoteRequestSerializer(serializers.Serializer):
    text = Text(required=True, max_length=500)
    flag = serializers.ChoiceField(choices=Flag.choices, required=False, allow_null=True, default=None)


class FlagRequestSerializer(serializers.Serializer):
    flag = serializers.ChoiceField(choices=Flag.choices, allow_null=True, help_text="null takes the flag away.")


class OrderRemarks(OrderApi):
    doors = ()

    @verb(NoteRequestSerializer)
    def note(self, order: Order, **said: Any) -> None:
        """备注: write a remark beside the order, with a flag or leaving the flag as it is."""
        services.add_note(order, by=self.by, **said)

    @verb(FlagRequestSerializer)
    def flag(self, order: Order, *, flag: int | None) -> None:
        """插旗: flag the order, or take the flag away."""
        services.set_flag(order, flag=flag, by=self.by)


urlpatterns = OrderRemarks.urls()
