from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet
from orders.record.enums import OrderKind
from orders.record.models import fen


class AssignmentRule(models.Model):
    """Which people a shop's orders go to: the first rule, by position, whose conditions an order meets. An empty
    condition asks nothing; the platform is the shop's own, so a rule of a shop is one of its platform."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=40)
    kinds = ArrayField(
        models.CharField(max_length=12, choices=OrderKind), verbose_name=_("kinds of order"), default=list, blank=True
    )
    provinces = ArrayField(models.CharField(max_length=20), verbose_name=_("provinces"), default=list, blank=True)
    least_fen = fen(verbose_name=_("from an amount of"), validators=[MinValueValidator(0)])
    # 0: no end.
    most_fen = fen(verbose_name=_("below an amount of"), validators=[MinValueValidator(0)])
    skill = models.CharField(_("skill needed"), max_length=30, blank=True, default="", db_default="")
    team = models.ForeignKey(
        "merchant.Team", models.PROTECT, null=True, blank=True, db_index=False, verbose_name=_("team"), related_name="+"
    )

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule of assignment")
        verbose_name_plural = _("rules of assignment")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "position"], name="assignment_rule_place", deferrable=models.Deferrable.DEFERRED
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_labels(self) -> list[str]:
        return [str(OrderKind(kind).label) for kind in self.kinds if kind in OrderKind.values]


class Assignment(models.Model):
    """An order given to a person, and why this one: {"by": "rule"|"hand", "load", "capacity", "skill", "keeper",
    "others"}; loads are orders in hand."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, db_index=False, related_name="assignments")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    rule_name = models.CharField(max_length=40, blank=True, default="", db_default="")
    why = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")

    objects = ShopQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        indexes = [models.Index(fields=["order", "id"], name="assignment_of_order")]

    def __str__(self) -> str:
        return f"{self.order_id} → {self.to}"
