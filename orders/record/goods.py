"""From what a platform called the goods to the product on our shelves."""

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from merchant.catalog.models import Sku
from merchant.catalog.services import ensure_sku
from orders.record.listing_models import Listing


def sku_of(listing: Listing) -> Sku:
    """The product of these goods, by the merchant code the source gave, else by its own number for the item.

    Found or made when the goods are first in our hands, and kept on the listing; a platform's price is no cost price,
    so a new product's cost is not known."""
    if listing.sku_id is None or listing.sku is None:
        code = listing.sku_code or listing.external_id or f"L{listing.pk}"
        listing.sku = ensure_sku(listing.shop_id, code=code, title=str(listing), spec=listing.spec)
        Listing.objects.filter(pk=listing.pk, sku=None).update(sku=listing.sku)
        if listing.picture_id is not None:
            Sku.objects.filter(pk=listing.sku.pk, picture=None).update(picture_id=listing.picture_id)
    return listing.sku


def known_sku_of(listing: Listing) -> Sku | None:
    """The product if it is known already; makes nothing, for pages that only look."""
    if listing.sku is not None or not listing.sku_code:
        return listing.sku
    return Sku.objects.filter(shop_id=listing.shop_id, code=listing.sku_code).first()


def match_by_code(shop_id: int, listing_ids: Iterable[int] | None = None) -> int:
    """Give listings without a product the one whose merchant code theirs is: all of the shop, or these. How many."""
    skus = Sku.objects.filter(shop_id=shop_id, code=OuterRef("sku_code")).values("pk")[:1]
    rows = Listing.objects.filter(shop_id=shop_id, sku=None).exclude(sku_code="")
    rows = rows.filter(sku_code__in=Sku.objects.filter(shop_id=shop_id).values("code"))
    if listing_ids is not None:
        rows = rows.filter(pk__in=list(listing_ids))
    return rows.update(sku=Subquery(skus))
