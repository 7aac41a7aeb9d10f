"""Products and stock by API."""

from typing import Any

import django_filters
from django.utils.translation import gettext as _
from rest_framework import serializers

from merchant.api.fields import ROW_ID, Fen, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.catalog import services as catalog
from merchant.catalog.models import BundlePart, Sku
from merchant.catalog.services import FACTS
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.stock import paper_api, services
from merchant.stock.models import Stock


class StockSerializer(RowSerializer):
    warehouse = serializers.CharField(source="warehouse.code", read_only=True)

    class Meta:
        model = Stock
        fields = ("id", "warehouse", "grade", "on_hand", "reserved", "bin")
        read_only_fields = fields


class PartSerializer(RowSerializer):
    """A part of a bundle."""

    code = serializers.CharField(source="part.code", read_only=True)

    class Meta:
        model = BundlePart
        fields = ("code", "quantity")
        read_only_fields = fields


class SkuSerializer(RowSerializer):
    """A product and how many units lie where; `cost_fen` null is not known. With `parts` it is a bundle of those."""

    barcodes = serializers.SlugRelatedField("code", many=True, read_only=True)
    parts = PartSerializer(many=True, read_only=True)
    stocks = StockSerializer(many=True, read_only=True)

    class Meta:
        model = Sku
        fields = ("shop", "id", "code", "barcodes", "cost_fen", *FACTS, "parts", "stocks")
        read_only_fields = fields


class SkuFilters(django_filters.FilterSet):
    code = django_filters.CharFilter(max_length=80)
    barcode = django_filters.CharFilter(field_name="barcodes__code", max_length=40)
    find = django_filters.CharFilter(method="by_term", max_length=80, label="Code, barcode or a piece of the title")
    without_cost = django_filters.BooleanFilter(field_name="cost_fen", lookup_expr="isnull")

    class Meta:
        model = Sku
        fields = ()

    def by_term(self, rows: Any, _name: str, term: str) -> Any:
        return rows.matching(term)


class CostSerializer(serializers.Serializer):
    cost_fen = Fen()


class BinSerializer(serializers.Serializer):
    stock = serializers.IntegerField(**ROW_ID, help_text="One of the product's `stocks`.")
    bin = Text(max_length=20)


class FactsSerializer(serializers.ModelSerializer):
    """What people say of a product; what is left out stays."""

    barcodes = serializers.ListField(child=Text(required=True, max_length=40), required=False, max_length=20)

    class Meta:
        model = Sku
        fields = (*FACTS, "barcodes")
        extra_kwargs = {"title": {"required": False}}


class SkuAddSerializer(FactsSerializer):
    """A new product."""

    class Meta:
        model = Sku
        fields = ("code", *FACTS, "barcodes")


class PartWishSerializer(serializers.Serializer):
    code = Text(required=True, max_length=80)
    quantity = serializers.IntegerField(min_value=1, max_value=1000)


class PartsSerializer(serializers.Serializer):
    parts = PartWishSerializer(many=True, max_length=50, help_text="Empty makes it a plain product again.")


class SkuApi(Resource):
    """Products with their stock, newest first."""

    area, noun, path = "stock", "sku", "stock"
    keys = ("<int:id>",)
    queryset = Sku.objects.prefetch_related("barcodes", "parts__part", "stocks__warehouse")
    serializer_class = SkuSerializer
    filterset_class = SkuFilters

    @verb(SkuAddSerializer, slug="", at_top=True, status=201)
    def add(self, *, code: str, **facts: Any) -> Sku:
        """Add a product."""
        return catalog.add_sku(self.shop.pk, code=code, by=self.by, **facts)

    @verb(FactsSerializer)
    def change(self, sku: Sku, **facts: Any) -> None:
        """Change what is said of a product."""
        catalog.change_sku(sku, by=self.by, **facts)

    @verb(PartsSerializer)
    def parts(self, sku: Sku, *, parts: list[dict[str, Any]]) -> None:
        """Say what is in one unit of a bundle."""
        catalog.set_parts(sku, parts={one["code"]: one["quantity"] for one in parts}, by=self.by)

    @verb(CostSerializer)
    def cost(self, sku: Sku, *, cost_fen: int) -> None:
        """Set the cost price of a unit; what was booked before keeps its figure."""
        catalog.set_cost(sku, cost_fen=cost_fen, by=self.by)

    @verb(BinSerializer)
    def bin(self, sku: Sku, *, stock: int, **said: str) -> None:
        """Say in which bin units of the product lie."""
        check_right(self.by, sku.shop_id, Right.RECEIVE_PARCEL)
        row = Stock.objects.filter(sku=sku, pk=stock).first()
        if row is None:
            raise Refused("STOCK", _("Nothing of it lies there yet."))
        services.set_bin(row, name=said["bin"], by=self.by)


urlpatterns = [*SkuApi.urls(), *paper_api.urlpatterns]
