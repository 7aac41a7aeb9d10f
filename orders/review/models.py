from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet
from orders.review.enums import Outcome
from orders.review.rules import Finding

OPEN = Q(closed_at__isnull=True)


class Review(models.Model):
    """One look at an order: what was found by which version of the shop's rules, and what came of it.

    `findings`: [{"rule", "case", "severity", "values"}], amounts in fen; no personal data. `suggestion`: the place of
    the address by full names, where that is more than the buyer wrote; road and door stay in the vault."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, db_index=False, related_name="reviews")
    policy_version = models.PositiveIntegerField(_("version of the rules"), default=0)
    findings = models.JSONField(_("findings"), default=list)
    suggestion = models.CharField(_("suggested place"), max_length=80, blank=True, default="", db_default="")
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, default=Outcome.WAITING)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="", db_default="")
    # When the buyer was asked to say the address again.
    asked_at = models.DateTimeField(_("buyer asked"), null=True)
    opened_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")

    objects = ShopQuerySet.as_manager()
    buyer_path = "order__buyer"

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [models.UniqueConstraint(fields=["order"], name="review_one_open", condition=OPEN)]
        indexes = [models.Index(fields=["order", "id"], name="review_of_order")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}"

    @property
    def found(self) -> list[Finding]:
        return [Finding(**row) for row in self.findings]


class ReviewTally(models.Model):
    """How often a rule hit, a day and version of the rules (R1.54). `rule` is Rule, or "" for the orders looked at,
    "passed" for those that passed by themselves, "late" for those stored later than T-RECEIVE allows."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    policy_version = models.PositiveIntegerField()
    rule = models.CharField(max_length=12, blank=True)
    orders = models.PositiveIntegerField(default=0)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("hits of a rule")
        verbose_name_plural = _("hits of rules")
        constraints = [
            models.UniqueConstraint(fields=["shop", "day", "policy_version", "rule"], name="review_tally_once")
        ]
