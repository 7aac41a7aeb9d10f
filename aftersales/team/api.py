"""Whose customer a buyer is, by API."""

from typing import Any

from rest_framework import serializers

from aftersales.decisions import assigning
from merchant.api.fields import Colleague, Text
from merchant.api.resources import verb
from orders.buyers.api import CustomerApi
from orders.buyers.models import Buyer


class AccountOwnerSerializer(serializers.Serializer):
    to = Colleague(allow_null=True, help_text="The colleague's id; null: the customer is everybody's.")
    reason = Text(required=True)


class CustomerKeeping(CustomerApi):
    doors = ()

    @verb(AccountOwnerSerializer)
    def account_owner(self, buyer: Buyer, **said: Any) -> None:
        """Give a customer, with what is in work of theirs, to a colleague, or to everybody."""
        assigning.change_account_owner(buyer, by=self.by, **said)


urlpatterns = CustomerKeeping.urls()
