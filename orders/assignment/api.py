"""Who works on an order, by API."""

from rest_framework import serializers

from merchant.api.fields import Colleague, Text
from merchant.api.resources import verb
from merchant.people.models import User
from orders.assignment import assigning, services
from orders.record.api import OrderApi
from orders.record.models import Order


class OrderHandOverSerializer(serializers.Serializer):
    to = Colleague(help_text="The colleague's id.")
    reason = Text(required=True)


class OrderAssignSerializer(serializers.Serializer):
    to = Colleague(help_text="The colleague's id.")
    reason = Text(max_length=300)


class OrderAssignment(OrderApi):
    doors = ()

    @verb(OrderAssignSerializer)
    def assign(self, order: Order, *, to: User, reason: str) -> None:
        """分配: an order that waits for somebody goes to this colleague."""
        assigning.assign_by_hand(order, to=to, by=self.by, reason=reason)

    @verb()
    def claim(self, order: Order) -> None:
        """接手: the order is yours, and its customer too when nobody keeps them yet."""
        services.claim_order(order, by=self.by)

    @verb(OrderHandOverSerializer)
    def hand_over(self, order: Order, *, to: User, reason: str) -> None:
        """转交: a colleague has the order from now on."""
        services.hand_over_order(order, to=to, by=self.by, reason=reason)


urlpatterns = OrderAssignment.urls()
