"""Warehouses and the papers of the stock by API."""

from datetime import date
from typing import Any

import django_filters
from django.utils.translation import gettext as _
from rest_framework import serializers

from merchant.api.fields import ROW_ID, Fen, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.catalog.models import Sku
from merchant.refusals import Refused
from merchant.stock import counting, policies, purchases, transfers, warehouses
from merchant.stock.enums import Grade, PurchaseState, StocktakeState, TransferState
from merchant.stock.models import Warehouse
from merchant.stock.paper_models import Purchase, PurchaseLine, Stocktake, StocktakeLine, Transfer, TransferLine

MOST_LINES = 500
UNITS = {"min_value": 0, "max_value": 10_000_000}
CODE = {"max_length": 80, "help_text": "A merchant code of the shop."}


class WarehouseSerializer(RowSerializer):
    """A warehouse; the lower its `priority`, the earlier it is asked for goods."""

    class Meta:
        model = Warehouse
        fields = ("shop", "id", "code", "name", "province", "city", "address", "priority", "is_active")
        read_only_fields = fields


class WarehouseAddSerializer(serializers.Serializer):
    code = Text(required=True, max_length=20)
    name = Text(required=True, max_length=60)
    place = Text(max_length=80, help_text="Province and city in words.")
    address = Text(max_length=200)
    priority = serializers.IntegerField(min_value=0, max_value=1000, default=100)


class WarehouseChangeSerializer(serializers.Serializer):
    name = Text(max_length=60)
    priority = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    is_active = serializers.BooleanField(required=False)


class PlaceSerializer(serializers.Serializer):
    code = Text(required=True, max_length=20)
    path_order = serializers.IntegerField(min_value=0, max_value=1_000_000)


class WarehouseApi(Resource):
    """Warehouses, newest first."""

    area, noun, path = "stock", "warehouse", "warehouses"
    keys = ("<int:id>",)
    queryset = Warehouse.objects.all()
    serializer_class = WarehouseSerializer

    @verb(WarehouseAddSerializer, slug="", at_top=True, status=201)
    def add(self, **facts: Any) -> Warehouse:
        """Open a warehouse."""
        return warehouses.add_warehouse(self.shop.pk, by=self.by, **facts)

    @verb(WarehouseChangeSerializer)
    def change(self, warehouse: Warehouse, **facts: Any) -> None:
        """Change its name, its place in the order, or whether it is in use."""
        warehouses.change_warehouse(warehouse, by=self.by, **facts)

    @verb(PlaceSerializer)
    def bin(self, warehouse: Warehouse, *, code: str, path_order: int) -> None:
        """Put a bin in its place on the pickers' way; a new one is made."""
        warehouses.set_bin_place(warehouse, code=code, path_order=path_order, by=self.by)


class _Papers(Resource):
    """What the papers share: how a request names warehouses and products."""

    area = "stock"

    def warehouse(self, pk: int) -> Warehouse | None:
        return Warehouse.objects.filter(shop=self.shop, pk=pk).first()

    def skus(self, lines: list[dict[str, Any]]) -> dict[str, Sku]:
        """Raises Refused SKU for the first code no product has."""
        codes = [line["code"] for line in lines]
        found = {sku.code: sku for sku in Sku.objects.filter(shop=self.shop, code__in=codes)}
        for code in codes:
            if code not in found:
                raise Refused("SKU", _("There is no product %(code)s.") % {"code": code}, field="lines")
        return found


class StocktakeLineSerializer(RowSerializer):
    """A line of a sheet; `expected` is what the books said when it was counted."""

    code = serializers.CharField(source="stock.sku.code", read_only=True)
    grade = serializers.CharField(source="stock.grade", read_only=True)

    class Meta:
        model = StocktakeLine
        fields = ("id", "code", "grade", "bin", "expected", "counted", "counted_by", "counted_at")
        read_only_fields = fields


class StocktakeSerializer(RowSerializer):
    """A count or an adjustment; booked once somebody who counted none of it approves."""

    opened_by = PersonSerializer(read_only=True, allow_null=True)
    ruled_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Stocktake
        fields = (
            "shop",
            "number",
            "warehouse",
            "kind",
            "state",
            "reason",
            "opened_by",
            "opened_at",
            "ruled_by",
            "ruled_at",
        )
        read_only_fields = fields


class StocktakeDetailSerializer(StocktakeSerializer):
    """A count with its lines."""

    lines = StocktakeLineSerializer(many=True, read_only=True)

    class Meta:
        model = Stocktake
        fields = (*StocktakeSerializer.Meta.fields, "lines")
        read_only_fields = fields


class StocktakeOpenSerializer(serializers.Serializer):
    warehouse = serializers.IntegerField(**ROW_ID)
    bins = Text(max_length=20, help_text="Only bins whose code begins so.")


class AdjustmentSerializer(serializers.Serializer):
    warehouse = serializers.IntegerField(**ROW_ID)
    code = serializers.CharField(**CODE)
    grade = serializers.ChoiceField(choices=Grade.choices, default=Grade.SELLABLE)
    delta = serializers.IntegerField(
        min_value=-10_000_000, max_value=10_000_000, help_text="Units more than in the books."
    )
    reason = Text(required=True, max_length=200)


class CountedSerializer(serializers.Serializer):
    line = serializers.IntegerField(**ROW_ID)
    counted = serializers.IntegerField(**UNITS)


class CountLinesSerializer(serializers.Serializer):
    lines = CountedSerializer(many=True, max_length=MOST_LINES)


class LineAddSerializer(serializers.Serializer):
    code = serializers.CharField(**CODE)
    grade = serializers.ChoiceField(choices=Grade.choices, default=Grade.SELLABLE)


class WhySerializer(serializers.Serializer):
    reason = Text(max_length=200)


def _filters(paper: Any, states: Any) -> type[django_filters.FilterSet]:
    meta = type("Meta", (), {"model": paper, "fields": ()})
    state = django_filters.MultipleChoiceFilter(choices=states.choices)
    return type(f"{paper.__name__}Filters", (django_filters.FilterSet,), {"state": state, "Meta": meta})


class StocktakeApi(_Papers):
    """Counts and adjustments, newest first."""

    noun, path = "stocktake", "stocktakes"
    queryset = Stocktake.objects.select_related("opened_by", "ruled_by").prefetch_related("lines__stock__sku")
    serializer_class = StocktakeSerializer
    detail_class = StocktakeDetailSerializer
    filterset_class = _filters(Stocktake, StocktakeState)

    @verb(StocktakeOpenSerializer, slug="", at_top=True, status=201)
    def open(self, *, warehouse: int, bins: str) -> Stocktake:
        """Open a sheet of what lies in a warehouse."""
        policies.check_can_work(self.shop.pk, self.by)
        place = policies.check_warehouse(self.warehouse(warehouse), self.shop.pk)
        return counting.open_stocktake(place, bins=bins, by=self.by)

    @verb(AdjustmentSerializer, at_top=True, status=201)
    def adjust(self, *, warehouse: int, code: str, grade: str, delta: int, reason: str) -> Stocktake:
        """Hand in that there are more or fewer of a product than in the books."""
        policies.check_can_work(self.shop.pk, self.by)
        place = policies.check_warehouse(self.warehouse(warehouse), self.shop.pk)
        sku = self.skus([{"code": code}])[code]
        return counting.file_adjustment(place, sku=sku, delta=delta, reason=reason, grade=grade, by=self.by)

    @verb(CountLinesSerializer)
    def count(self, stocktake: Stocktake, *, lines: list[dict[str, int]]) -> None:
        """Write how many lie there, line by line."""
        counting.count_lines(stocktake, counted={one["line"]: one["counted"] for one in lines}, by=self.by)

    @verb(LineAddSerializer, slug="add")
    def add_line(self, stocktake: Stocktake, *, code: str, grade: str) -> None:
        """Put a product on the sheet that it does not name."""
        policies.check_can_count(stocktake, self.by)
        counting.add_line(stocktake, sku=self.skus([{"code": code}])[code], grade=grade, by=self.by)

    @verb()
    def file(self, stocktake: Stocktake) -> None:
        """Hand in the counted sheet for approval."""
        counting.file_stocktake(stocktake, by=self.by)

    @verb()
    def approve(self, stocktake: Stocktake) -> None:
        """Book the differences; never by whoever counted."""
        counting.approve_stocktake(stocktake, by=self.by)

    @verb(WhySerializer)
    def recount(self, stocktake: Stocktake, *, reason: str) -> None:
        """Have the sheet counted again."""
        counting.recount_stocktake(stocktake, reason=reason, by=self.by)

    @verb(WhySerializer)
    def discard(self, stocktake: Stocktake, *, reason: str) -> None:
        """Throw the paper away; nothing is booked."""
        counting.discard_stocktake(stocktake, reason=reason, by=self.by)


class TransferLineSerializer(RowSerializer):
    """Of one product: sent, and received once it arrived."""

    code = serializers.CharField(source="sku.code", read_only=True)

    class Meta:
        model = TransferLine
        fields = ("id", "code", "sent", "received")
        read_only_fields = fields


class TransferSerializer(RowSerializer):
    """Goods from one warehouse to another."""

    lines = TransferLineSerializer(many=True, read_only=True)

    class Meta:
        model = Transfer
        fields = ("shop", "number", "source", "target", "state", "note", "sent_at", "received_at", "lines")
        read_only_fields = fields


class SentSerializer(serializers.Serializer):
    code = serializers.CharField(**CODE)
    units = serializers.IntegerField(min_value=1, max_value=10_000_000)


class TransferSendSerializer(serializers.Serializer):
    source = serializers.IntegerField(**ROW_ID)
    target = serializers.IntegerField(**ROW_ID)
    lines = SentSerializer(many=True, max_length=MOST_LINES)
    note = Text(max_length=200)


class CameSerializer(serializers.Serializer):
    line = serializers.IntegerField(**ROW_ID)
    units = serializers.IntegerField(**UNITS)


class TransferReceiveSerializer(serializers.Serializer):
    lines = CameSerializer(many=True, max_length=MOST_LINES)
    note = Text(max_length=200)


class TransferApi(_Papers):
    """Transfers, newest first."""

    noun, path = "transfer", "transfers"
    queryset = Transfer.objects.prefetch_related("lines__sku")
    serializer_class = TransferSerializer
    filterset_class = _filters(Transfer, TransferState)

    @verb(TransferSendSerializer, slug="", at_top=True, status=201)
    def send(self, *, source: int, target: int, lines: list[dict[str, Any]], note: str) -> Transfer:
        """Send goods to another warehouse."""
        policies.check_can_work(self.shop.pk, self.by)
        place = policies.check_warehouse(self.warehouse(source), self.shop.pk)
        skus = self.skus(lines)
        units = [(skus[line["code"]], line["units"]) for line in lines]
        return transfers.send_transfer(place, self.warehouse(target), units=units, note=note, by=self.by)

    @verb(TransferReceiveSerializer)
    def receive(self, transfer: Transfer, *, lines: list[dict[str, int]], note: str) -> None:
        """Say what arrived, all lines."""
        received = {one["line"]: one["units"] for one in lines}
        transfers.receive_transfer(transfer, received=received, note=note, by=self.by)


class PurchaseLineSerializer(RowSerializer):
    """Of one product: expected, and received so far."""

    code = serializers.CharField(source="sku.code", read_only=True)

    class Meta:
        model = PurchaseLine
        fields = ("id", "code", "expected", "received", "cost_fen")
        read_only_fields = fields


class PurchaseSerializer(RowSerializer):
    """What a supplier is to bring; `receipts` counts its deliveries."""

    lines = PurchaseLineSerializer(many=True, read_only=True)

    class Meta:
        model = Purchase
        fields = (
            "shop", "number", "supplier", "warehouse", "state", "expected_date", "note", "receipts", "opened_at",
            "ended_at", "lines",
        )  # fmt: skip
        read_only_fields = fields


class OrderedSerializer(serializers.Serializer):
    code = serializers.CharField(**CODE)
    units = serializers.IntegerField(min_value=1, max_value=10_000_000)
    cost_fen = Fen(allow_null=True, default=None)


class PurchaseOpenSerializer(serializers.Serializer):
    supplier = Text(required=True, max_length=80)
    warehouse = serializers.IntegerField(**ROW_ID)
    expected_date = serializers.DateField(allow_null=True, default=None)
    lines = OrderedSerializer(many=True, max_length=MOST_LINES)
    note = Text(max_length=200)


class PurchaseReceiveSerializer(serializers.Serializer):
    seen = serializers.IntegerField(
        min_value=0, max_value=32_000, help_text="`receipts` as you know it; refused (SEEN) when more came meanwhile."
    )
    lines = CameSerializer(many=True, max_length=MOST_LINES)


class PurchaseEndSerializer(serializers.Serializer):
    note = Text(required=True, max_length=200)


class PurchaseApi(_Papers):
    """Purchases, newest first."""

    noun, path = "purchase", "purchases"
    queryset = Purchase.objects.prefetch_related("lines__sku")
    serializer_class = PurchaseSerializer
    filterset_class = _filters(Purchase, PurchaseState)

    @verb(PurchaseOpenSerializer, slug="", at_top=True, status=201)
    def open(
        self, *, supplier: str, warehouse: int, expected_date: date | None, lines: list[dict[str, Any]], note: str
    ) -> Purchase:
        """Expect goods from a supplier."""
        policies.check_can_keep(self.shop.pk, self.by)
        place = policies.check_warehouse(self.warehouse(warehouse), self.shop.pk)
        skus = self.skus(lines)
        units = [(skus[line["code"]], line["units"], line["cost_fen"]) for line in lines]
        return purchases.open_purchase(
            place, supplier=supplier, units=units, expected_date=expected_date, note=note, by=self.by
        )

    @verb(PurchaseReceiveSerializer)
    def receive(self, purchase: Purchase, *, seen: int, lines: list[dict[str, int]]) -> None:
        """Take in what came."""
        came = {one["line"]: one["units"] for one in lines}
        purchases.receive_purchase(purchase, came=came, seen=seen, by=self.by)

    @verb(PurchaseEndSerializer)
    def end(self, purchase: Purchase, *, note: str) -> None:
        """The rest does not come."""
        purchases.end_purchase(purchase, note=note, by=self.by)


urlpatterns = [*WarehouseApi.urls(), *StocktakeApi.urls(), *TransferApi.urls(), *PurchaseApi.urls()]
