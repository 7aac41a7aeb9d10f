"""Gathers the tasks of every capability, so that Celery finds them."""

from orders.intake.tasks import purge_files, run_import, sweep_imports
from orders.record.tasks import sweep_clocks

__all__ = ["purge_files", "run_import", "sweep_clocks", "sweep_imports"]
