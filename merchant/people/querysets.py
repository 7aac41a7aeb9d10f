from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any, Self

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef, Q

from merchant.people.visibility import shops_of, visible_owner_ids

# So many statements are kept built; then all are forgotten.
STATEMENTS = 1000
_statements: dict[Hashable, tuple[str, tuple[Any, ...]]] = {}


class ShopQuerySet(models.QuerySet):
    """Base of every row that belongs to a shop: each page's query starts with `visible_to`, or with `seen_in` where it
    walks an index shop by shop.

    A model that belongs to a customer says so by `buyer_path`, its way to the buyer; then customers whom colleagues
    keep are left out for those who see only their own or their team's (P-AGENT-SCOPE). A model that tells what people
    did with many customers (an import, a look) says by `doer_path` who did it: the same people then see what they and
    their team did. This is the one place that knows it."""

    def visible_to(self, user: Any, *, many: bool = False) -> Self:
        """Rows this user may see; another shop's number is then simply not there, nor is a hidden customer's.

        `many`: the rows are counted, not shown (see `_in_sight`)."""
        shops = shops_of(user)
        rows = self.filter(shop_id__in=shops)
        narrow = visible_owner_ids(user) if self._buyer_path or self._doer_path else {}
        narrow = {shop: seen for shop, seen in narrow.items() if shop in shops}
        if not narrow:
            return rows
        alike: dict[frozenset[int], list[int]] = {}
        for shop, seen in narrow.items():
            alike.setdefault(seen, []).append(shop)
        if len(alike) == 1 and len(narrow) == len(shops):
            return rows.filter(self._in_sight(user, next(iter(alike)), many=many))
        wanted = Q(shop_id__in=[shop for shop in shops if shop not in narrow])
        for seen, some in alike.items():
            wanted |= Q(shop_id__in=some) & self._in_sight(user, seen, many=many)
        return rows.filter(wanted)

    def seen_in(self, shop_id: int, user: Any, *, many: bool = False) -> Self:
        """The same for one of the user's shops: one equality, so that an index that begins with the shop is walked."""
        rows = self.filter(shop_id=shop_id)
        seen = visible_owner_ids(user).get(shop_id) if self._buyer_path or self._doer_path else None
        return rows if seen is None else rows.filter(self._in_sight(user, seen, many=many))

    @property
    def _buyer_path(self) -> str:
        return getattr(self.model, "buyer_path", "")

    @property
    def _doer_path(self) -> str:
        return getattr(self.model, "doer_path", "")

    def _in_sight(self, user: Any, seen: Collection[int], *, many: bool) -> Q:
        """Nobody keeps the customer, one of `seen` does, or the row itself is this user's to work on.

        A page asks row by row through the buyer's key, so that it reads no more than it shows. Where `many` rows are
        counted the few customers of others are hashed once, by the partial index `buyer_kept`."""
        if self._doer_path:
            return Q(**{f"{self._doer_path}__in": sorted(seen)})
        if self._buyer_path == "self":
            return Q(account_owner__isnull=True) | Q(account_owner__in=sorted(seen))
        head, _dot, rest = self._buyer_path.partition("__")
        column: Any = self.model._meta.get_field(head)
        account_owner = f"{rest}__account_owner" if rest else "account_owner"
        others = column.related_model._base_manager.filter(**{f"{account_owner}__isnull": False}).order_by()
        others = others.exclude(**{f"{account_owner}__in": sorted(seen)})
        if many:
            sight: Any = ~Q(**{f"{column.attname}__in": others.values("pk")})
        else:
            # A row and its customer are of one shop: the comparison is always true, and keeps PostgreSQL, which does
            # not think of the page's LIMIT here, from hashing them all for fifty rows.
            sight = Q(~Exists(others.filter(pk=OuterRef(column.attname), shop_id__lte=OuterRef("shop_id"))))
        try:
            self.model._meta.get_field("assignee")
        except FieldDoesNotExist:
            return sight
        return sight | Q(assignee=user)


def statement_of(key: Hashable, build: Callable[[], models.QuerySet[Any, Any]]) -> tuple[str, tuple[Any, ...]]:
    """The statement and its values, built once for a `key`: for a page that asks the same again and again.

    The key names everything the statement is made from: who asks, what they may see, what they asked for. Its values
    must be of types that the driver knows, since the rows are read without the models."""
    found = _statements.get(key)
    if found is None:
        if len(_statements) >= STATEMENTS:
            _statements.clear()
        found = _statements[key] = build().query.sql_with_params()
    return found


def union(branches: Sequence[models.QuerySet[Any, Any]]) -> list[Any]:
    """The rows of all branches, by one statement."""
    if not branches:
        return []
    first, *rest = branches
    return list(first.union(*rest, all=True)) if rest else list(first)
