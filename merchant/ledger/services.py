from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from merchant.clock import SHANGHAI, now
from merchant.ledger.models import LedgerEntry


def post(
    shop: Any,
    debit: str,
    credit: str,
    amount_fen: int,
    *,
    kind: str,
    document: str,
    leg: int = 0,
    order_number: str = "",
    at: datetime | None = None,
    is_estimated: bool = False,
) -> bool:
    """Book one transfer once: False when (kind, document, leg) stands already. `at` defaults to now (M16: success date)."""
    table = LedgerEntry._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (shop_id, debit, credit, amount_fen, kind, document, leg, order_number, book_date, is_estimated)"  # noqa: S608
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (shop_id, kind, document, leg) DO NOTHING",
            [shop.pk, str(debit), str(credit), amount_fen, kind, document, leg, order_number, (at or now()).astimezone(SHANGHAI).date(), is_estimated],
        )
        return cursor.rowcount == 1


def balances(shop: Any, *, order_number: str | None = None) -> dict[str, int]:
    """Debits less credits of every account that moved, in fen; their sum is 0."""
    rows = LedgerEntry.objects.filter(shop=shop)
    if order_number is not None:
        rows = rows.filter(order_number=order_number)
    found: dict[str, int] = {}
    for row in rows.values("debit", "credit").annotate(total=Sum("amount_fen")).order_by():
        found[row["debit"]] = found.get(row["debit"], 0) + row["total"]
        found[row["credit"]] = found.get(row["credit"], 0) - row["total"]
    return {account: amount for account, amount in sorted(found.items()) if amount}
