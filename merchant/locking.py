"""Row locks. Taken along the import arrow: case → refund → interception → package → order → line → stock → ledger."""

from typing import TypeVar

from django.db import models

from merchant.prepared import first_of

Row = TypeVar("Row", bound=models.Model)


def lock(row: Row, *beside: str) -> Row:
    """A fresh copy of the row, held until the transaction ends. Raises TransactionManagementError outside one.

    The rows `beside` it (foreign keys) are read with it, not held: as they stood before a wait for the lock."""

    def build(pk: int) -> models.QuerySet[Row]:
        rows = type(row)._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=pk)
        return rows.select_related(*beside) if beside else rows

    found = first_of(("lock", type(row), *beside), build, pk=row.pk)
    if found is None:
        raise type(row).DoesNotExist(f"{type(row).__name__} {row.pk} is gone.")  # type: ignore[attr-defined]
    return found


def lock_all(rows: models.QuerySet[Row]) -> list[Row]:
    """Fresh copies of several rows of one table, locked by ascending id so that two callers never wait crosswise."""
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
