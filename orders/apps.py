from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """What was bought, paid, shipped and closed. Knows no parcel codes and no refunds."""

    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from merchant.stock.papers import register_papers
        from orders import trail_labels
        from orders.intake import kinds, platform, registry
        from orders.intake.platforms import registry as platforms
        from orders.record import telling
        from orders.reservation import papers, receivers  # noqa: F401 - the receivers hear of moves and goods
        from orders.review import receivers as review

        platforms.discover()
        registry.load_shipped_profiles()
        platform.register()
        kinds.register_kinds()
        telling.register()
        trail_labels.register()
        review.register()
        register_papers(papers.find)
