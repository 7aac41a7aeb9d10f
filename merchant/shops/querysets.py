from typing import Any, Self

from django.db import models


class ShopQuerySet(models.QuerySet):
    """Base of every row that belongs to a shop: each page's query starts with `visible_to`."""

    def visible_to(self, user: Any) -> Self:
        """Rows of the shops this user may see; another shop's number is then simply not there."""
        from merchant.people.rights import shops_of

        return self.filter(shop_id__in=shops_of(user))
