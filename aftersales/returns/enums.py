"""What a parcel that came home is, and how its goods were found."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReturnKind(models.TextChoices):
    """Why a parcel is in our hands again."""

    STOPPED = "stopped", _("stopped on the road")
    REFUSED = "refused", _("refused at the door")
    BUYER = "buyer", _("sent back by the buyer")
    BENCH = "bench", _("never sent")
    UNANNOUNCED = "unannounced", _("not announced")


class Result(models.TextChoices):
    """What the inspection found; empty while it is still to be done."""

    NONE = "", _("to inspect")
    FINE = "fine", _("all there and fine")
    DAMAGED = "damaged", _("damaged")
    DIFFERS = "differs", _("not what was sent")


# A claim on a courier needs as many; so does a refusal towards the buyer.
PHOTOS_NEEDED = 2
