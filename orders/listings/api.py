"""Listings, what they mean, and what orders lack, by API."""

import django_filters
from django.utils.translation import gettext as _
from rest_framework import serializers

from merchant.api.fields import RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.catalog import policies as catalog
from merchant.catalog.services import sku_of_scan
from merchant.refusals import Refused
from orders.listings import services
from orders.record.listing_models import Listing
from orders.reservation.models import Shortage


class ListingSerializer(RowSerializer):
    """What a platform sells; `sku` is the merchant code of the product it means, null while nobody said."""

    sku = serializers.SlugRelatedField("code", read_only=True, allow_null=True)

    class Meta:
        model = Listing
        fields = ("shop", "id", "external_id", "title", "spec", "sku_code", "sku")
        read_only_fields = fields


class ListingFilters(django_filters.FilterSet):
    unmatched = django_filters.BooleanFilter(field_name="sku", lookup_expr="isnull")

    class Meta:
        model = Listing
        fields = ()


class ListingMatchSerializer(serializers.Serializer):
    code = Text(max_length=80, help_text="Merchant code or barcode of a product; empty takes the match away.")


class ListingApi(Resource):
    """Listings, newest first."""

    area, noun, path = "stock", "listing", "listings"
    keys = ("<int:id>",)
    queryset = Listing.objects.select_related("sku")
    serializer_class = ListingSerializer
    filterset_class = ListingFilters

    @verb(ListingMatchSerializer)
    def match(self, listing: Listing, *, code: str) -> None:
        """Say which product a listing means."""
        catalog.check_can_edit(listing.shop_id, self.by)
        sku = sku_of_scan(listing.shop_id, code) if code else None
        if code and sku is None:
            raise Refused("SKU", _("There is no product %(code)s.") % {"code": code}, field="code")
        services.match_listing(listing, sku=sku, by=self.by)


class ShortageSerializer(RowSerializer):
    """A line of an order for which nothing is kept: `missing` units of `sku`, and why."""

    order = serializers.SlugRelatedField("number", read_only=True)
    sku = serializers.SlugRelatedField("code", read_only=True, allow_null=True)

    class Meta:
        model = Shortage
        fields = ("shop", "id", "order", "line_no", "sku", "missing", "lack", "since_at")
        read_only_fields = fields


class ShortageApi(Resource):
    """Shortages, newest first."""

    area, noun, path = "stock", "shortage", "shortages"
    keys = ("<int:id>",)
    queryset = Shortage.objects.select_related("order", "sku")
    serializer_class = ShortageSerializer


urlpatterns = [*ListingApi.urls(), *ShortageApi.urls()]
