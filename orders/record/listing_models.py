"""The goods as a platform names them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet
from orders.record.enums import CategoryClass


class Listing(models.Model):
    """What the platform called the goods: one row per shop, item and title: a renamed item keeps its old orders."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    external_id = models.CharField(_("item on the platform"), max_length=64, blank=True, default="", db_default="")
    product_id = models.CharField(_("product on the platform"), max_length=64, blank=True, default="", db_default="")
    sku_code = models.CharField(_("merchant code"), max_length=80, blank=True, default="", db_default="")
    # The product on our shelves (orders.record.goods, orders.listings).
    sku = models.ForeignKey("merchant.Sku", models.PROTECT, null=True, db_index=False, related_name="+")
    # Empty when the source names no goods (a report of orders without lines).
    title = models.CharField(_("title"), max_length=300, blank=True, default="", db_default="")
    spec = models.CharField(_("specification"), max_length=300, blank=True, default="", db_default="")
    title_hash = models.BinaryField(max_length=16)
    category_class = models.CharField(
        max_length=16, choices=CategoryClass, default=CategoryClass.NORMAL, db_default="normal"
    )
    # Two-character pieces of the lower-cased title: finds Chinese words that trigrams cannot.
    bigrams = ArrayField(models.CharField(max_length=2), default=list, db_default=[])
    # What is shown of the goods, and the address it was fetched from (orders.pictures).
    picture = models.ForeignKey("merchant.Attachment", models.PROTECT, null=True, db_index=False, related_name="+")
    picture_source = models.ForeignKey("orders.GoodsPicture", models.PROTECT, null=True, related_name="listings")

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        constraints = [models.UniqueConstraint(fields=["shop", "external_id", "title_hash"], name="listing_once")]
        indexes = [
            GinIndex(fields=["bigrams"], name="listing_bigrams"),
            models.Index(fields=["shop", "id"], condition=models.Q(sku=None), name="listing_unmatched"),
        ]

    def __str__(self) -> str:
        return title_of(self.title)


def title_of(title: str) -> str:
    """What a page calls the goods: a report of orders without lines names none."""
    return title or str(_("Goods the source does not name"))
