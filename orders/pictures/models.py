"""Where a source says that a picture of the goods lies, and what came of fetching it."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import MD5, Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet

DUE = Q(due_at__isnull=False)
# Nothing more is tried by itself.
FAILED = Q(due_at__isnull=True) & ~Q(why="")


class GoodsPictureQuerySet(ShopQuerySet):
    def failed(self) -> Self:
        return self.filter(FAILED)


class GoodsPicture(models.Model):
    """One address, fetched once for all listings of the shop that name it. `due_at`: when it is tried next, empty when
    nobody tries any more; `why` names what was wrong last (orders.pictures.services.WORDS), empty when it was kept."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    url = models.CharField(_("address of the picture"), max_length=1000)
    due_at = models.DateTimeField(null=True, blank=True, db_default=Now())
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, db_default=0)
    why = models.CharField(max_length=16, blank=True, default="", db_default="")
    thumb = models.ForeignKey("merchant.Attachment", models.PROTECT, null=True, db_index=False, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects = GoodsPictureQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture of goods")
        verbose_name_plural = _("pictures of goods")
        # By digest: an index cannot hold every address of a thousand signs.
        constraints = [models.UniqueConstraint("shop", MD5("url"), name="goods_picture_once")]
        indexes = [
            models.Index(fields=["due_at"], name="goods_picture_due", condition=DUE),
            models.Index(fields=["shop"], name="goods_picture_failed", condition=FAILED),
        ]

    def __str__(self) -> str:
        return self.url
