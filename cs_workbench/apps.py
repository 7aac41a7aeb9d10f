"""The desk: pages that mix everything. Nobody imports it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CsWorkbenchConfig(AppConfig):
    name = "cs_workbench"
    verbose_name = _("Workbench")
