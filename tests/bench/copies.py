"""Parcels that wait to be stopped, in bulk: one is brought there by the real services, the others are its rows once more
under other numbers, a statement a table. What nothing on the way to the refund reads (the trail, the platform's answer)
is not copied."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

from aftersales.models import Case, CaseLine
from logistics.models import CourierCall, Interception, Package, PackageLine, TrackingEvent, Watch
from orders.models import Block, Buyer, Order, OrderLine, Payment

_MADE: dict[str, type[models.Model]] = {
    "buyer_id": Buyer,
    "order_id": Order,
    "line_id": OrderLine,
    "package_id": Package,
    "interception_id": Interception,
    "case_id": Case,
}


def copy_case(case: Case, numbers: Sequence[tuple[str, str, str]]) -> None:
    """Make `case`, with its order of one line, its parcel and its interception, once more for each (order number,
    waybill, number of the case)."""
    interception = case.interception
    assert interception is not None
    of_order, of_parcel = {"order_id": "c.order_id"}, {"package_id": "c.package_id"}
    number = "'IC' || c.waybill"
    with connection.cursor() as cursor:
        ids = ", ".join(f"{name} bigint" for name in _MADE)
        cursor.execute(f"CREATE TEMP TABLE bench_copy (oid text, waybill text, case_number text, {ids})")
        next_ids = ", ".join(
            f"nextval(pg_get_serial_sequence('{model._meta.db_table}', 'id'))" for model in _MADE.values()
        )
        cursor.execute(
            f"INSERT INTO bench_copy SELECT *, {next_ids} FROM unnest(%s::text[], %s::text[], %s::text[])",
            [list(column) for column in zip(*numbers, strict=True)],
        )
    order_id, parcel_id = case.order_id, interception.package_id
    _copy(Buyer, "id", case.buyer_id, {"id": "c.buyer_id", "external_id": "'bench-' || c.oid"})
    _copy(Order, "id", order_id, {"id": "c.order_id", "buyer_id": "c.buyer_id", "number": "c.oid"})
    _copy(OrderLine, "order_id", order_id, {"id": "c.line_id", "external_id": "c.oid", **of_order})
    _copy(Payment, "order_id", order_id, {"channel_number": "c.oid", **of_order})
    _copy(Block, "order_id", order_id, {"document": "c.case_number", **of_order})
    _copy(Package, "id", parcel_id, {"id": "c.package_id", "waybill": "c.waybill", **of_order})
    _copy(PackageLine, "package_id", parcel_id, {"order_line_id": "c.line_id", **of_order, **of_parcel})
    _copy(TrackingEvent, "package_id", parcel_id, of_parcel)
    _copy(Watch, "package_id", parcel_id, of_parcel)
    stop = {"id": "c.interception_id", "waybill": "c.waybill", "number": number, **of_parcel}
    _copy(Interception, "id", interception.pk, stop)
    _copy(CourierCall, "key", interception.number, {"subject_id": "c.interception_id", "key": number})
    asked = {"id": "c.case_id", "buyer_id": "c.buyer_id", "interception_id": "c.interception_id"}
    _copy(Case, "id", case.pk, {**asked, "number": "c.case_number", **of_order})
    _copy(CaseLine, "case_id", case.pk, {"case_id": "c.case_id", "order_line_id": "c.line_id"})
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_copy")


def _copy(model: type[models.Model], key: str, value: Any, changes: Mapping[str, str]) -> None:
    """The rows whose `key` is `value`, once for each row `c` of bench_copy with these columns changed."""
    columns = [str(field.column) for field in model._meta.local_concrete_fields if field.column]
    assert changes.keys() <= set(columns), f"{model.__name__} has no {', '.join(changes.keys() - set(columns))}"
    columns = [column for column in columns if column != "id" or column in changes]
    shown = ", ".join(changes.get(column, f"t.{column}") for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {shown} FROM {table} t CROSS JOIN bench_copy c"
            f" WHERE t.{key} = %s",
            [value],
        )
