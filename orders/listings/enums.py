from django.db import models
from django.utils.translation import gettext_lazy as _


class Content(models.TextChoices):
    """What a file of goods says."""

    PRODUCTS = "products", _("products and their data")
    STOCK = "stock", _("what lies where, as counted")
    MATCHES = "matches", _("which product a listing means")
