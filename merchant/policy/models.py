from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class Policy(models.Model):
    """One version of a shop's rules and timers; never updated. A case keeps the version its clock started under."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    version = models.PositiveIntegerField(_("version"))
    body = models.JSONField()
    effective_at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [models.UniqueConstraint(fields=["shop", "version"], name="policy_once")]

    def __str__(self) -> str:
        return f"v{self.version}"
