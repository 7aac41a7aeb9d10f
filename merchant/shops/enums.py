from django.db import models
from django.utils.translation import gettext_lazy as _


class ConnectionState(models.TextChoices):
    """What is known of an account since its credentials were last changed."""

    UNTRIED = "", _("not tested")
    RUNNING = "running", _("being tested")
    WORKS = "works", _("works")
    UNPROVED = "unproved", _("answered, not proved")
    REFUSED = "refused", _("refused")
    SILENT = "silent", _("no answer")
