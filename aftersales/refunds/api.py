"""How the buyer of a case wishes to be paid back, by API."""

from rest_framework import serializers

from aftersales.cases.models import Case
from aftersales.refunds import payback_requests
from aftersales.refunds.enums import Way
from aftersales.refunds.models import RefundWish
from merchant.api.fields import ROW_ID, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb


class WishSerializer(RowSerializer):
    """The buyer's word about the way of a refund; an exception waits for a second person."""

    told_by = PersonSerializer(read_only=True, allow_null=True)
    granted_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = RefundWish
        fields = ("id", "way", "note", "asked_at", "told_at", "told_by", "granted_at", "granted_by")
        read_only_fields = fields


class WishRequestSerializer(serializers.Serializer):
    way = serializers.ChoiceField(choices=Way.choices)
    note = Text(max_length=200, help_text="The buyer's words, without any card number.")


class WishGrantSerializer(serializers.Serializer):
    wish = serializers.IntegerField(**ROW_ID, help_text="The `id` of the wish that is granted.")


class PaybackApi(Resource):
    area, noun, path = "cases", "case", "cases"
    doors = ()
    queryset = Case.objects.select_related("order")
    serializer_class = WishSerializer

    @verb(WishRequestSerializer, gives=WishSerializer)
    def record_wish(self, case: Case, *, way: str, note: str) -> RefundWish:
        """买家意愿: write down how the buyer wishes to be paid back."""
        return payback_requests.record_wish(case, way=way, note=note, by=self.by)

    @verb(WishGrantSerializer, gives=WishSerializer)
    def grant_wish(self, case: Case, *, wish: int) -> RefundWish:
        """The second person lets the money go another way than it came."""
        return payback_requests.grant_wish(case, by=self.by, shown=wish)


urlpatterns = PaybackApi.urls()
