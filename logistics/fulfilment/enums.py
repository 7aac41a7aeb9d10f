"""States of a consignment and a wave, and the words that stand beside them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ConsignmentState(models.TextChoices):
    """Where a box stands (docs/states/logistics.consignment.md)."""

    WAITING = "waiting", pgettext_lazy("consignment state", "To pick")
    PICKING = "picking", pgettext_lazy("consignment state", "Being picked")
    PICKED = "picked", pgettext_lazy("consignment state", "To pack")
    PACKED = "packed", pgettext_lazy("consignment state", "To ship")
    SHIPPED = "shipped", pgettext_lazy("consignment state", "Shipped")
    VOIDED = "voided", pgettext_lazy("consignment state", "Voided")


S = ConsignmentState

# Its goods are still promised to it and lie in the house.
OPEN = (S.WAITING, S.PICKING, S.PICKED, S.PACKED)
# Nothing is in a closed box yet: what is in it may change.
LOOSE = (S.WAITING, S.PICKING, S.PICKED)


class WaveState(models.TextChoices):
    """A wave is over when nothing in it is left to pick."""

    OPEN = "open", pgettext_lazy("wave state", "Being picked")
    DONE = "done", pgettext_lazy("wave state", "Picked")
    DISSOLVED = "dissolved", pgettext_lazy("wave state", "Dissolved")


class WaveMode(models.TextChoices):
    """How a wave is walked."""

    # 按单拣: one box after the other.
    SINGLE = "single", _("box by box")
    # 先拣后分: the whole wave's goods along the bins, sorted at the packing desk.
    BATCH = "batch", _("all goods, sorted at the desk")
    # 边拣边分: along the bins, each unit into the basket of its box at once.
    SOW = "sow", _("all goods, sorted into baskets while picking")


class ScanColour(models.TextChoices):
    """How the page answers a scan: its colour and its sound."""

    GO = "go", _("go on")
    DONE = "ok", _("done")
    STOP = "stop", _("stop")
    WRONG = "bad", _("wrong")
