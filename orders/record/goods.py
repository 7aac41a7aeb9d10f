"""From what a platform called the goods to the product on our shelves."""

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
    return listing.sku


def known_sku_of(listing: Listing) -> Sku | None:
    """The product if it is known already; makes nothing, for pages that only look."""
    if listing.sku is not None or not listing.sku_code:
        return listing.sku
    return Sku.objects.filter(shop_id=listing.shop_id, code=listing.sku_code).first()
