from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantConfig(AppConfig):
    name = "merchant"
    verbose_name = _("Merchant")

    def ready(self) -> None:
        from merchant import trail_labels
        from merchant.attachments.models import Attachment
        from merchant.inbox.retention import retain_as_long_as_messages
        from merchant.platforms import messages, registry  # noqa: F401 - messages reads the pushes, in every process

        registry.discover()

        trail_labels.register()
        retain_as_long_as_messages(Attachment, "body", "thumb", at="at")
