from collections.abc import Collection
from typing import Any, Self

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef, Q


class ShopQuerySet(models.QuerySet):
    """Base of every row that belongs to a shop: each page's query starts with `visible_to`, or with `seen_in` where it
    walks an index shop by shop.

    A model that belongs to a customer says so by `buyer_path`, its way to the buyer; then customers whom colleagues
    keep are left out for those who see only their own or their team's (P-AGENT-SCOPE). This is the one place that
    knows it."""

    def visible_to(self, user: Any) -> Self:
        """Rows this user may see; another shop's number is then simply not there, nor is a hidden customer's."""
        from merchant.people.rights import shops_of
        from merchant.people.scope import keepers_seen

        shops = shops_of(user)
        rows = self.filter(shop_id__in=shops)
        narrow = keepers_seen(user) if self._buyer_path else {}
        narrow = {shop: seen for shop, seen in narrow.items() if shop in shops}
        if not narrow:
            return rows
        alike: dict[Collection[int], list[int]] = {}
        for shop, seen in narrow.items():
            alike.setdefault(seen, []).append(shop)
        if len(alike) == 1 and len(narrow) == len(shops):
            return rows.filter(self._in_sight(user, next(iter(alike))))
        wanted = Q(shop_id__in=[shop for shop in shops if shop not in narrow])
        for seen, some in alike.items():
            wanted |= Q(shop_id__in=some) & self._in_sight(user, seen)
        return rows.filter(wanted)

    def seen_in(self, shop_id: int, user: Any) -> Self:
        """The same for one of the user's shops: one equality, so that an index that begins with the shop is walked."""
        from merchant.people.scope import keepers_seen

        rows = self.filter(shop_id=shop_id)
        seen = keepers_seen(user).get(shop_id) if self._buyer_path else None
        return rows if seen is None else rows.filter(self._in_sight(user, seen))

    @property
    def _buyer_path(self) -> str:
        return getattr(self.model, "buyer_path", "")

    def _in_sight(self, user: Any, seen: Collection[int]) -> Q:
        """Nobody keeps the customer, one of `seen` does, or the row itself is this user's to work on.

        The question is asked row by row through the buyer's key, so that a page reads no more than it shows; where
        many rows are counted PostgreSQL hashes the few customers of others once (the partial index `buyer_kept`)."""
        if self._buyer_path == "self":
            return Q(keeper__isnull=True) | Q(keeper__in=sorted(seen))
        head, _dot, rest = self._buyer_path.partition("__")
        column: Any = self.model._meta.get_field(head)
        keeper = f"{rest}__keeper" if rest else "keeper"
        rows = column.related_model._base_manager.filter(pk=OuterRef(column.attname), **{f"{keeper}__isnull": False})
        sight: Q = Q(~Exists(rows.exclude(**{f"{keeper}__in": sorted(seen)})))
        try:
            self.model._meta.get_field("assignee")
        except FieldDoesNotExist:
            return sight
        return sight | Q(assignee=user)
