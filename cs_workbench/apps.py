"""The desk: pages that mix everything. Nobody imports it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CsWorkbenchConfig(AppConfig):
    name = "cs_workbench"
    verbose_name = _("Workbench")

    def ready(self) -> None:
        from aftersales.returns.order_search import register_search
        from cs_workbench.orders.search import orders_or_refusal

        register_search(orders_or_refusal)
