"""A new key in front of HUICANG_PII_KEYS encrypts from now on; this seals again what older keys sealed."""

from django.apps import apps
from django.db import connection, models, transaction

from merchant.encryption import crypto
from merchant.encryption.fields import EncryptedBytes
from merchant.vault.models import Recipient
from merchant.vault.services import FIELDS, reseal


def rotate_recipients(batch: int = 500) -> int:
    """Seal one batch of recipients again; returns how many. Run until it answers 0. Safe beside others of its kind."""
    newest = crypto.current_key_id()
    with transaction.atomic():
        rows = list(
            Recipient.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(shredded_at__isnull=True)
            .exclude(key_id=newest)
            .order_by("key_id", "pk")[:batch]
        )
        for row in rows:
            reseal(row)
        Recipient.objects.bulk_update(rows, ["key_id", *(f"{field}_enc" for field in FIELDS)])
    return len(rows)


def sealed_columns() -> list[tuple[type[models.Model], EncryptedBytes]]:
    """Every column of every room that is sealed as a whole: account secrets, raw messages, calls."""
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedBytes)
    ]


def rotate_column(model: type[models.Model], field: EncryptedBytes, batch: int = 500) -> int:
    """Seal one batch of a column again, row by row under its lock; returns how many. Run until it answers 0."""
    prefix = crypto.current_key_id().encode() + b"\0"
    quote = connection.ops.quote_name
    table, column, key = (quote(str(name)) for name in (model._meta.db_table, field.column, model._meta.pk.column))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, {column} FROM {table} WHERE substring({column} FROM 1 FOR %s) <> %s"  # noqa: S608
            f" ORDER BY {key} LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
            [len(prefix), prefix, batch],
        )
        aad = field.aad()
        rows = [(crypto.encrypt(crypto.decrypt(sealed, aad=aad), aad=aad), pk) for pk, sealed in cursor.fetchall()]
        cursor.executemany(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", rows)  # noqa: S608
    return len(rows)
