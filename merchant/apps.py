from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantConfig(AppConfig):
    name = "merchant"
    verbose_name = _("Merchant")

    def ready(self) -> None:
        from merchant.platforms import messages  # noqa: F401 - reads the platform's pushes, in every process
