"""How a shop's own warehouse allocates, picks and packs: part of the policy, in a file of its own."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.policy.enums import CourierBy, PackCheck


def all_checks() -> list[str]:
    """Every line of the checklist; the migration names this function."""
    return [str(check) for check in PackCheck.values]


class FulfilmentSettings(models.Model):
    merge_orders = models.BooleanField(
        _("Pack orders of one buyer to one address together"), default=True, db_comment="P-MERGE-ORDERS"
    )
    split_orders = models.BooleanField(
        _("Split an order where no warehouse has all of it"), default=True, db_comment="P-SPLIT-ORDERS"
    )
    courier_by = models.CharField(
        _("Where no courier rule fits, take"),
        max_length=8,
        choices=CourierBy,
        default=CourierBy.COST,
        db_comment="P-COURIER-BY",
    )
    recheck_units = models.BooleanField(
        _("Every unit is scanned once more at the packing desk"), default=True, db_comment="P-RECHECK"
    )
    pack_checks = ArrayField(
        models.CharField(max_length=12, choices=PackCheck),
        verbose_name=_("Ticked before a box is closed"),
        default=all_checks,
        blank=True,
        db_comment="P-PACK-CHECKS",
    )
    weigh_boxes = models.BooleanField(_("Every box is weighed"), default=False, db_comment="P-WEIGH")
    weight_tolerance = models.PositiveIntegerField(
        _("A weight may differ from the expected one by (per cent)"),
        default=10,
        validators=[MaxValueValidator(100)],
        db_comment="P-WEIGHT-TOLERANCE",
    )

    class Meta:
        abstract = True
