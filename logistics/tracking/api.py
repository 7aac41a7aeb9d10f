"""Parcels by API: where each is, its scans, and a fresh look at the courier."""

from typing import Any

import django_filters
from rest_framework import serializers

from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.tracking import errands
from merchant.api.enums import ApiScope
from merchant.api.fields import RowSerializer
from merchant.api.resources import Resource, verb
from merchant.errands.api import ErrandSerializer
from merchant.errands.models import Errand

SCANS_SHOWN = 200


class ScanSerializer(RowSerializer):
    class Meta:
        model = TrackingEvent
        fields = ("event_at", "status", "site", "city", "text", "recorded_at")
        read_only_fields = fields


class ParcelSerializer(RowSerializer):
    """A parcel; its state follows from its scans."""

    order = serializers.CharField(source="order.number", read_only=True, help_text="The order's number.")

    class Meta:
        model = Package
        fields = (
            "shop",
            "courier",
            "waybill",
            "order",
            "direction",
            "state",
            "order_count",
            "insured_fen",
            "sender_city",
            "receiver_city",
            "labelled_at",
            "shipped_at",
            "picked_up_at",
            "last_event_at",
            "last_text",
            "signed_at",
            "track_checked_at",
            "version",
        )
        read_only_fields = fields


class ParcelDetailSerializer(ParcelSerializer):
    """The parcel with its track."""

    scans = serializers.SerializerMethodField(help_text=f"The newest {SCANS_SHOWN} scans, newest first.")

    class Meta(ParcelSerializer.Meta):
        fields: Any = (*ParcelSerializer.Meta.fields, "scans")
        read_only_fields = fields

    def get_scans(self, package: Package) -> list[dict[str, Any]]:
        rows = TrackingEvent.objects.filter(package_id=package.pk).order_by("-event_at", "-event_key")[:SCANS_SHOWN]
        return list(ScanSerializer(rows, many=True).data)


class ParcelFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=PackageState.choices)
    courier = django_filters.CharFilter(max_length=16)
    waybill = django_filters.CharFilter(max_length=40)
    order = django_filters.CharFilter(field_name="order__number", max_length=64)

    class Meta:
        model = Package
        fields = ()


class ParcelApi(Resource):
    """Parcels, newest first; one of them with its track. Of several with one waybill the newest counts."""

    area, noun, path = "parcels", "parcel", "parcels"
    keys = ("<ref:courier>", "<ref:waybill>")
    queryset = Package.objects.select_related("order")
    serializer_class = ParcelSerializer
    detail_class = ParcelDetailSerializer
    filterset_class = ParcelFilters

    @verb(scope=ApiScope.PARCELS_READ, gives=ErrandSerializer, status=202)
    def refresh(self, package: Package) -> Errand:
        """立即重查: ask the courier now where the parcel is."""
        return errands.submit_refresh(package, by=self.by)


urlpatterns = ParcelApi.urls()
