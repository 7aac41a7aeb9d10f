"""Parcels that come home, by API: received by scan, matched to their order, inspected."""

from typing import Any

import django_filters
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework import serializers

from aftersales.cases.models import Case
from aftersales.decisions.api import CaseApi, CaseDecisionSerializer
from aftersales.returns import inspecting, policies, services
from aftersales.returns.enums import ReturnKind
from aftersales.returns.inspecting import MOST_UNITS, Count, Other
from aftersales.returns.models import Inspection, InspectionLine, ReturnParcel
from logistics.parcels.models import Package
from merchant.api.fields import ROW_ID, Files, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.attachments.models import Purpose
from merchant.attachments.services import MAX_FILES, attach, read_files
from merchant.refusals import Refused
from orders.record.models import Order

UNITS = {"min_value": 0, "max_value": MOST_UNITS}


class ReturnParcelSerializer(RowSerializer):
    """One parcel that comes home, or came. Without an order it waits until somebody knows whose it is."""

    order = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    case = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    inspection = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    received_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ReturnParcel
        fields = (
            "shop",
            "number",
            "kind",
            "courier",
            "waybill",
            "order",
            "case",
            "inspection",
            "note",
            "announced_at",
            "received_at",
            "received_by",
        )
        read_only_fields = fields


class InspectionLineSerializer(RowSerializer):
    class Meta:
        model = InspectionLine
        fields = ("order_line", "sku", "what", "expected", "sellable", "defective", "missing", "other", "cost_fen")
        read_only_fields = fields


class InspectionSerializer(RowSerializer):
    """What should be in a parcel that came home, and what was found. Done once; T-INSPECT is its clock."""

    parcel = serializers.SlugRelatedField(slug_field="number", read_only=True)
    order = serializers.SlugRelatedField(slug_field="number", read_only=True)
    done_by = PersonSerializer(read_only=True, allow_null=True)
    lines = InspectionLineSerializer(many=True, read_only=True)

    class Meta:
        model = Inspection
        fields = (
            "shop",
            "number",
            "parcel",
            "order",
            "result",
            "note",
            "due_at",
            "opened_at",
            "done_at",
            "done_by",
            "lines",
        )
        read_only_fields = fields


class InspectionDetailSerializer(InspectionSerializer):
    """The inspection with the units it has to find, each in one of three piles."""

    expected = serializers.SerializerMethodField()

    class Meta(InspectionSerializer.Meta):
        fields: Any = (*InspectionSerializer.Meta.fields, "expected")
        read_only_fields = fields

    def get_expected(self, inspection: Inspection) -> list[dict[str, Any]]:
        rows = services.expected_lines(inspection.parcel)
        return [{"line": line.pk, "title": line.title, "units": units} for line, units in rows]


class ReturnFilters(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(choices=ReturnKind.choices)
    waybill = django_filters.CharFilter(max_length=40)
    order = django_filters.CharFilter(field_name="order__number", max_length=64)
    received = django_filters.BooleanFilter(field_name="received_at", lookup_expr="isnull", exclude=True)
    unmatched = django_filters.BooleanFilter(field_name="order", lookup_expr="isnull")

    class Meta:
        model = ReturnParcel
        fields = ()


class InspectionFilters(django_filters.FilterSet):
    done = django_filters.BooleanFilter(field_name="done_at", lookup_expr="isnull", exclude=True)
    order = django_filters.CharFilter(field_name="order__number", max_length=64)

    class Meta:
        model = Inspection
        fields = ()


class ReceiveSerializer(serializers.Serializer):
    waybill = Text(required=True, max_length=40)
    courier = Text(max_length=16, help_text="Only needed where two couriers use one number.")
    is_unannounced = serializers.BooleanField(default=False, help_text="Take in what nobody expected.")
    note = Text()


class KeepSerializer(serializers.Serializer):
    waybill = Text(required=True, max_length=40)
    courier = Text(max_length=16)
    note = Text()


class MatchSerializer(serializers.Serializer):
    order = Text(required=True, max_length=64, help_text="The order's number.")


class ShipBackSerializer(CaseDecisionSerializer):
    courier = Text(required=True, max_length=16)
    waybill = Text(required=True, max_length=40)


class CountSerializer(serializers.Serializer):
    line = serializers.IntegerField(**ROW_ID, help_text="The order line's id.")
    sellable = serializers.IntegerField(**UNITS, default=0)
    defective = serializers.IntegerField(**UNITS, default=0)
    missing = serializers.IntegerField(**UNITS, default=0)


class OtherSerializer(serializers.Serializer):
    what = Text(required=True, max_length=200)
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)


class FinishInspectionSerializer(serializers.Serializer):
    counts = CountSerializer(many=True, help_text="Every unit expected is in one of the three piles of its line.")
    others = OtherSerializer(many=True, default=list, help_text="What was in it and was not sent by the shop.")
    note = Text()


class InspectionPhotosSerializer(serializers.Serializer):
    photos = Files(min_length=1, max_length=MAX_FILES)


class ReturnApi(Resource):
    """Parcels that come home, newest first."""

    area, noun, path = "returns", "return", "returns"
    queryset = ReturnParcel.objects.select_related("order", "case", "inspection", "received_by")
    serializer_class = ReturnParcelSerializer
    filterset_class = ReturnFilters

    @verb(ReceiveSerializer, at_top=True)
    def receive(self, *, waybill: str, courier: str, is_unannounced: bool, note: str) -> ReturnParcel:
        """扫码收货: a parcel of ours is in the warehouse; its inspection is opened."""
        policies.check_can_receive(self.by, self.shop.pk)
        found = self.in_sight(Package.objects.select_related("order", "shop")).filter(waybill=waybill)
        rows = list((found.filter(courier=courier) if courier else found).order_by("-pk")[:20])
        expected = [row for row in rows if policies.kind_of(row) is not None]
        package = next(iter(expected or rows), None)
        if package is None:
            raise Refused("UNKNOWN", _("No parcel of this shop has that tracking number."), field="waybill")
        if len(expected) > 1:
            raise Refused("COURIER", _("Several parcels have this number: name the courier."), field="courier")
        return services.receive_parcel(package, by=self.by, is_unannounced=is_unannounced, note=note)

    @verb(KeepSerializer, at_top=True)
    def keep(self, *, waybill: str, courier: str, note: str) -> ReturnParcel:
        """无主退件: take in a parcel under a number nobody here knows."""
        return services.keep_unknown_parcel(self.shop, waybill=waybill, courier=courier, note=note, by=self.by)

    @verb(MatchSerializer)
    def match(self, parcel: ReturnParcel, *, order: str) -> None:
        """认领: this parcel belongs to that order."""
        policies.check_can_match(parcel, self.by)
        row = self.in_sight(Order.objects.all()).filter(number=order).first()
        if row is None:
            raise Refused("ORDER", _("There is no such order in this shop."), field="order")
        services.match_parcel(parcel, order=row, by=self.by)


class InspectionApi(Resource):
    """Inspections, newest first."""

    area, noun, path = "returns", "inspection", "inspections"
    queryset = Inspection.objects.select_related("parcel", "order", "done_by").prefetch_related("lines")
    serializer_class = InspectionSerializer
    detail_class = InspectionDetailSerializer
    filterset_class = InspectionFilters

    @verb(InspectionPhotosSerializer)
    def photos(self, inspection: Inspection, *, photos: list[UploadedFile]) -> None:
        """Add pictures of what was found; damage needs two."""
        policies.check_can_inspect(inspection, self.by)
        attach(inspection, read_files(photos), by=self.by, purpose=Purpose.PHOTO)

    @verb(FinishInspectionSerializer)
    def finish(
        self, inspection: Inspection, *, counts: list[dict[str, int]], others: list[dict[str, Any]], note: str
    ) -> None:
        """质检完成: fine units go back on the shelf, the case goes on, damage on the way becomes a claim (M14)."""
        inspecting.finish_inspection(
            inspection,
            counts={one.pop("line"): Count(**one) for one in counts},
            others=[Other(**one) for one in others],
            note=note,
            by=self.by,
        )


class ReturnedCaseApi(CaseApi):
    doors = ()

    @verb(ShipBackSerializer, scope="cases:write")
    def ship_back(self, case: Case, *, version: int, courier: str, waybill: str) -> None:
        """填退货单号: the goods are on their way; the warehouse expects them."""
        services.ship_back(case, courier=courier, waybill=waybill, by=self.by, shown_version=version)


urlpatterns = [*ReturnApi.urls(), *InspectionApi.urls(), *ReturnedCaseApi.urls()]
