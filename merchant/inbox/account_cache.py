"""Accounts as the push doors know them: kept in the process, and believed only while the row is still the same."""

from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from merchant.inbox.services import SqlCondition
from merchant.shops.models import push_digest_of

KEPT = 1000


class AccountCache:
    """The active accounts of one table by the token of their door.

    An account read earlier may be shown to the door again, secrets and all, so whatever is done in its name is stored
    with `unchanged` as a proviso: PostgreSQL writes every change of a row elsewhere and signs it with its transaction,
    and a statement that finds another place or transaction stores nothing. Switched off or given a new secret, an
    account is a stranger from that commit on, in every process.
    """

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        self._known: dict[str, Any] = {}

    def find(self, token: str) -> Any | None:
        """The account behind this door, perhaps as it stood a while ago; None when there is none."""
        return self._known.get(token) or self._read(token)

    def find_again(self, token: str) -> Any | None:
        """The account as it stands now, after `unchanged` did not hold."""
        self._known.pop(token, None)
        return self._read(token)

    def unchanged(self, account: Any) -> SqlCondition:
        """That the account's row still is what we know."""
        return SqlCondition(
            f"EXISTS (SELECT FROM {self.model._meta.db_table} WHERE id = %s AND concat(ctid, xmin) = %s)",
            (account.pk, account.row_version),
        )

    def _read(self, token: str) -> Any | None:
        table = connection.ops.quote_name(self.model._meta.db_table)
        version = RawSQL(f"concat({table}.ctid, {table}.xmin)", [])  # noqa: S611 - our own table's name
        rows = self.model.objects.select_related("shop").annotate(row_version=version)
        account = rows.filter(push_digest=push_digest_of(token), is_active=True).first()
        if account is not None:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[token] = account
        return account
