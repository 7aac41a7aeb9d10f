from django.db import models
from django.utils.translation import gettext_lazy as _


class WayIn(models.TextChoices):
    """How somebody without a password gets in the first time."""

    LINK = "link", _("an invitation link: they choose the password themselves")
    PASSWORD = "password", _("a first password: they change it when they sign in")
