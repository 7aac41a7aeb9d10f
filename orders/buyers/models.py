from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class Buyer(models.Model):
    """A customer as one shop's platform names them. No name, phone or address: those stay in the vault."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    external_id = models.CharField(_("buyer on the platform"), max_length=128)
    nickname = models.CharField(_("nickname"), max_length=80, blank=True, default="", db_default="")
    credit_score = models.SmallIntegerField(_("credit"), default=100, db_default=100)
    banned_until = models.DateTimeField(_("banned until"), null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    # The agent whose customer this is (R3.56); nobody's customer is everybody's.
    account_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )

    objects = ShopQuerySet.as_manager()
    buyer_path = "self"

    class Meta:
        verbose_name = _("buyer")
        verbose_name_plural = _("buyers")
        constraints = [models.UniqueConstraint(fields=["shop", "external_id"], name="buyer_once")]
        indexes = [
            models.Index(F("shop"), OpClass("nickname", name="varchar_pattern_ops"), name="buyer_nickname"),
            models.Index(fields=["account_owner", "id"], name="buyer_kept", condition=Q(account_owner__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.nickname or self.external_id
