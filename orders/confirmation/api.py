"""The talk with a buyer before an order is prepared, by API."""

from datetime import datetime

from rest_framework import serializers

from merchant.api.fields import Text
from merchant.api.resources import verb
from orders.confirmation import services
from orders.confirmation.enums import Channel
from orders.record.api import OrderApi
from orders.record.models import Order


class ContactSerializer(serializers.Serializer):
    channel = serializers.ChoiceField(choices=Channel.choices)
    note = Text(max_length=300)


class DoubtSerializer(serializers.Serializer):
    channel = serializers.ChoiceField(choices=Channel.choices)
    note = Text(max_length=300, required=True)


class ConfirmSerializer(ContactSerializer):
    ship_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    deliver_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    text = Text(max_length=500, help_text="The message to the buyer; the template's words where it is empty.")


class OrderConfirmation(OrderApi):
    doors = ()

    @verb(ConfirmSerializer)
    def confirm(
        self, order: Order, *, channel: str, note: str, ship_at: datetime | None, deliver_at: datetime | None, text: str
    ) -> None:
        """确认: the buyer agreed and is told when the order is sent and arrives."""
        services.confirm_order(
            order, by=self.by, channel=channel, note=note, ship_at=ship_at, deliver_at=deliver_at, text=text
        )

    @verb(ContactSerializer)
    def no_answer(self, order: Order, *, channel: str, note: str) -> None:
        """Nobody answered: written down, the order waits on."""
        services.log_contact(order, by=self.by, channel=channel, note=note)

    @verb(DoubtSerializer)
    def return_to_review(self, order: Order, *, channel: str, note: str) -> None:
        """退回审核: something is in doubt or has changed."""
        services.return_order(order, by=self.by, channel=channel, note=note)


urlpatterns = OrderConfirmation.urls()
