"""Row locks. Taken along the import arrow: case → refund → interception → package → order → line → stock → ledger."""

from typing import TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def lock(row: Row, *beside: str) -> Row:
    """A fresh copy of the row, held until the transaction ends. Raises TransactionManagementError outside one.

    The rows `beside` it (foreign keys) are read with it, not held: as they stood before a wait for the lock."""
    rows = type(row)._default_manager.select_for_update(of=("self",), no_key=True)
    return (rows.select_related(*beside) if beside else rows).get(pk=row.pk)


def lock_all(rows: models.QuerySet[Row]) -> list[Row]:
    """Fresh copies of several rows of one table, locked by ascending id so that two callers never wait crosswise."""
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
