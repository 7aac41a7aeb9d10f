"""Orders by API: the list with its filters, and one of them with its lines."""

import django_filters
from rest_framework import serializers

from merchant.api.fields import PersonSerializer, RowSerializer
from merchant.api.resources import Resource
from orders.buyers.models import Buyer
from orders.record.enums import OrderState
from orders.record.models import Order, OrderLine


class BuyerSerializer(RowSerializer):
    class Meta:
        model = Buyer
        fields = ("id", "external_id", "nickname")
        read_only_fields = fields


class OrderLineSerializer(RowSerializer):
    title = serializers.CharField(read_only=True)
    spec = serializers.CharField(read_only=True)
    sku_code = serializers.CharField(source="listing.sku_code", read_only=True)

    class Meta:
        model = OrderLine
        fields = (
            "id",
            "line_no",
            "external_id",
            "title",
            "spec",
            "sku_code",
            "quantity",
            "shipped_quantity",
            "net_fen",
            "refunding_fen",
            "refunded_fen",
        )
        read_only_fields = fields


class OrderSerializer(RowSerializer):
    """What an order is and where it stands; the recipient is masked."""

    buyer = BuyerSerializer(read_only=True, allow_null=True)
    assignee = PersonSerializer(read_only=True, allow_null=True)
    lines = OrderLineSerializer(many=True, read_only=True)
    recipient_name = serializers.CharField(source="recipient.name_mask", default="", read_only=True)
    recipient_phone = serializers.CharField(source="recipient.contact_mask", default="", read_only=True)
    recipient_virtual_until = serializers.DateTimeField(
        source="recipient.virtual_until", default=None, read_only=True, allow_null=True
    )
    recipient_address = serializers.CharField(source="recipient.address_mask", default="", read_only=True)

    class Meta:
        model = Order
        fields = (
            "shop",
            "number",
            "state",
            "source_status",
            "buyer",
            "assignee",
            "flag",
            "recipient_name",
            "recipient_phone",
            "recipient_virtual_until",
            "recipient_address",
            "goods_fen",
            "shop_discount_fen",
            "subsidy_fen",
            "freight_fen",
            "adjustment_fen",
            "paid_fen",
            "receivable_fen",
            "refunding_fen",
            "refunded_fen",
            "placed_at",
            "paid_at",
            "ship_by_at",
            "shipped_at",
            "received_at",
            "completed_at",
            "closed_at",
            "close_reason",
            "lines",
        )
        read_only_fields = fields


class OrderFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=OrderState.choices)
    number = django_filters.CharFilter(max_length=64)
    buyer = django_filters.NumberFilter(field_name="buyer_id", min_value=1, max_value=2**63 - 1)
    placed_after = django_filters.IsoDateTimeFilter(field_name="placed_at", lookup_expr="gte")
    placed_before = django_filters.IsoDateTimeFilter(field_name="placed_at", lookup_expr="lt")

    class Meta:
        model = Order
        fields = ()


class OrderApi(Resource):
    """Orders, newest first, with their lines and the masked recipient."""

    area, noun, path = "orders", "order", "orders"
    newest_by = "placed_at"
    queryset = Order.objects.select_related("buyer", "recipient", "assignee").prefetch_related("lines__listing")
    serializer_class = OrderSerializer
    filterset_class = OrderFilters


urlpatterns = OrderApi.urls()
