from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from merchant.clock import SHANGHAI, now
from merchant.ledger.models import LedgerAccount, LedgerEntry


class BookedOtherwise(Exception):
    """The same document was booked before with other accounts or another amount: a mistake to look at, not a repeat."""


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
    """Book one transfer once: False when (kind, document, leg) stands already. `at` defaults to now (M16); `shop` is a
    Shop or its id.

    Raises ValueError for an account that does not exist, BookedOtherwise when what stands there is another transfer.
    """
    shop_id = shop if isinstance(shop, int) else shop.pk
    accounts = (LedgerAccount(debit).value, LedgerAccount(credit).value)
    book_date = (at or now()).astimezone(SHANGHAI).date()
    table = LedgerEntry._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (shop_id, debit, credit, amount_fen, kind, document, leg, order_number, book_date,"  # noqa: S608
            " is_estimated) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (shop_id, kind, document, leg) DO NOTHING",
            [shop_id, *accounts, amount_fen, kind, document, leg, order_number, book_date, is_estimated],
        )
        if cursor.rowcount == 1:
            return True
    stands = LedgerEntry.objects.get(shop_id=shop_id, kind=kind, document=document, leg=leg)
    if (stands.debit, stands.credit, stands.amount_fen) != (*accounts, amount_fen):
        raise BookedOtherwise(f"{kind} {document} stands with {stands.amount_fen} fen, not {amount_fen}: {stands}")
    return False


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
