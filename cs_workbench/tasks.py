"""Gathers the tasks of every capability, so that Celery finds them."""

from cs_workbench.bulk.tasks import run_bulk, sweep_bulk

__all__ = ["run_bulk", "sweep_bulk"]
