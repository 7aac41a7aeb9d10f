"""Gathers the tasks of every capability, so that Celery finds them."""

from orders.intake.tasks import pull_platform_orders, purge_files, purge_payloads, run_import, sweep_imports
from orders.record.tasks import sweep_clocks

__all__ = [
    "pull_platform_orders",
    "purge_files",
    "purge_payloads",
    "run_import",
    "sweep_clocks",
    "sweep_imports",
]
