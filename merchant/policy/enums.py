from django.db import models
from django.utils.translation import gettext_lazy as _


class PayWhen(models.TextChoices):
    """P-PAY-WHEN."""

    SUCCESS = "success", _("when the courier says the parcel is stopped")
    RETURNED = "returned", _("only when the parcel is back")


class Release(models.TextChoices):
    """P-RELEASE."""

    FINANCE = "finance", _("when finance releases it")
    AT_ONCE = "at_once", _("at once, within the person's limit")


class RefundWindow(models.TextChoices):
    """T-REFUND-WINDOW: from-to on the shop's clock; empty is the whole day."""

    ANY_HOUR = "", _("at any hour")
    DAYTIME = "09:00-21:00", _("between 09:00 and 21:00")


class PiiCount(models.TextChoices):
    """PII-COUNT."""

    ORDER = "order", _("once per order and day")
    VIEW = "view", _("every time")


class Warnable(models.TextChoices):
    """The interception checks that a shop may turn into a warning."""

    E12 = "E12", _("fresh track")
    E13 = "E13", _("full refund")
    E15 = "E15", _("merged parcel")


class GoodsClass(models.TextChoices):
    """P-REVIEW-GOODS: the classes of goods (orders.record.enums.CategoryClass), as a shop chooses among them."""

    NORMAL = "normal", _("ordinary goods")
    FRESH = "fresh", _("fresh goods")
    VIRTUAL = "virtual", _("virtual goods")
    WHOLE_VEHICLE = "whole_vehicle", _("whole vehicle")

    @classmethod
    def sold_by_default(cls) -> list[str]:
        return [cls.NORMAL.value, cls.FRESH.value, cls.VIRTUAL.value]


class PackCheck(models.TextChoices):
    """P-PACK-CHECKS: a line of the packer's checklist."""

    SOUND = "sound", _("Goods sound: no scratch, no stain, seal unbroken")
    EXTRAS = "extras", _("Gifts, invoice and leaflet inside")
    CUSHIONED = "cushioned", _("Cushioned: nothing moves when shaken")
    SEALED = "sealed", _("Sealed along the seam, label flat and whole")


class CourierBy(models.TextChoices):
    """P-COURIER-BY: what decides between couriers where no rule of the shop does."""

    COST = "cost", _("the lowest cost")
    SPEED = "speed", _("the fastest")
