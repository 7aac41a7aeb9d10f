"""What a platform's listings mean on our shelves: matched by the merchant code, by hand, or by a file."""

from django.db import transaction
from django.utils.translation import gettext as _

from merchant.catalog.models import Sku
from merchant.catalog.policies import check_can_edit
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake
from orders.record.goods import match_by_code
from orders.record.listing_models import Listing


@transaction.atomic
def match_listing(listing: Listing, *, sku: Sku | None, by: Actor) -> Listing:
    """匹配: orders of this listing mean this product (a bundle, too); None means none again. Orders that wait for it
    are tried anew. Raises Refused RIGHT, SKU (another shop's)."""
    check_can_edit(listing.shop_id, by)
    if sku is not None and sku.shop_id != listing.shop_id:
        raise Refused("SKU", _("Choose a product of this shop."), field="code")
    listing = lock(listing)
    before = listing.sku_id
    if before != (sku.pk if sku else None):
        listing.sku = sku
        listing.save(update_fields=["sku"])
        activity.record(listing, "listing.match", by=by, was=before, sku=sku.code if sku else "")
        wake("orders.fill_shortages", shop_id=listing.shop_id)
    return listing


@transaction.atomic
def match_listings_by_code(shop_id: int, *, by: Actor) -> int:
    """按商家编码匹配: all listings without a product whose code a product has. How many. Raises Refused RIGHT."""
    check_can_edit(shop_id, by)
    count = match_by_code(shop_id)
    if count:
        wake("orders.fill_shortages", shop_id=shop_id)
    return count
