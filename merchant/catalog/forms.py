from django.utils.translation import gettext_lazy as _

from merchant.ui.forms import VerbForm, YuanField


class CostForm(VerbForm):
    """What a unit costs the shop."""

    codes = {"cost": "AMOUNT"}

    cost = YuanField(wrong=_("Write the cost price as yuan, for example 45.00."), may_be_negative=True)
