from django.db import models
from django.utils.translation import gettext_lazy as _

KIND = "bulk"


class Verb(models.TextChoices):
    """What can be done to many orders at once. `unflag` is only begun as the undo of a `flag` run."""

    ADDRESS = "address", _("Change the address")
    FLAG = "flag", _("Flag and remark")
    INTERCEPT = "intercept", _("Intercept")
    UNFLAG = "unflag", _("Take flags back")


# Asked for by a page; each talks to nobody outside but `intercept`.
PRESSED = (Verb.ADDRESS, Verb.FLAG, Verb.INTERCEPT)
DONE, REFUSED = "done", "refused"
