"""Review, by API."""

from rest_framework import serializers

from merchant.api.fields import Text
from merchant.api.resources import verb
from orders.record.api import OrderApi
from orders.record.models import Order
from orders.review import services


class ReviewReasonSerializer(serializers.Serializer):
    reason = Text(max_length=300, required=True)


class ReviewNoteSerializer(serializers.Serializer):
    reason = Text(max_length=300)


class AskBuyerSerializer(serializers.Serializer):
    text = Text(max_length=300, help_text="What the buyer is asked; the usual question where it is empty.")


class OrderReview(OrderApi):
    doors = ()

    @verb(ReviewNoteSerializer)
    def pass_review(self, order: Order, *, reason: str) -> None:
        """审核通过: the order goes on to assignment; a rejection ends with it."""
        services.pass_order(order, by=self.by, reason=reason)

    @verb(ReviewReasonSerializer)
    def reject_review(self, order: Order, *, reason: str) -> None:
        """审核不通过: the order is held, and the buyer or the platform is told the reason."""
        services.reject_order(order, by=self.by, reason=reason)

    @verb(ReviewReasonSerializer)
    def hold_in_review(self, order: Order, *, reason: str) -> None:
        """挂起: nothing goes on until the hold is lifted."""
        services.hold_order(order, by=self.by, reason=reason)

    @verb(AskBuyerSerializer)
    def ask_buyer(self, order: Order, *, text: str) -> None:
        """Ask the buyer to say the address again."""
        services.ask_buyer(order, by=self.by, text=text)

    @verb()
    def accept_suggestion(self, order: Order) -> None:
        """Write the place of the address in full, as suggested; the rules look again."""
        services.accept_suggestion(order, by=self.by)

    @verb()
    def recheck(self, order: Order) -> None:
        """Let the rules look again, after something was put right."""
        services.recheck_order(order, by=self.by)


urlpatterns = OrderReview.urls()
