from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LogisticsConfig(AppConfig):
    """Parcels, their tracks, the watch list and interceptions. Does not know why a parcel must stop."""

    name = "logistics"
    verbose_name = _("Logistics")

    def ready(self) -> None:
        from logistics.couriers import registry

        registry.discover()

        from logistics import receivers, trail_labels  # noqa: F401
        from logistics.interception import errands as interception_errands
        from logistics.parcels import kinds
        from logistics.shipping import services as parcels
        from logistics.tracking import errands as tracking_errands
        from orders.editing.labels import register_labels

        register_labels("logistics", parcels.labels_of)
        trail_labels.register()
        kinds.register_kinds()
        tracking_errands.register()
        interception_errands.register()
