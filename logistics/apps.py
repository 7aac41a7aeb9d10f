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
        from logistics.couriers.names import courier_name
        from logistics.shipping import services as parcels
        from merchant.policy.value_names import register_names
        from orders.editing.labels import register_labels

        register_labels("logistics", parcels.labels_of)
        register_names(courier_name)
        trail_labels.register()
