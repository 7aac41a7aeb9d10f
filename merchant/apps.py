from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantConfig(AppConfig):
    name = "merchant"
    verbose_name = _("Merchant")

    def ready(self) -> None:
        from merchant import trail_labels
        from merchant.attachments.models import Attachment
        from merchant.inbox.retention import retain_as_long_as_messages
        from merchant.platforms.kuaishou import messages  # noqa: F401 - reads the platform's pushes, in every process

        trail_labels.register()
        retain_as_long_as_messages(Attachment, "body", "thumb", at="at")
