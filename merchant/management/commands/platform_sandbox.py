from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from merchant.platforms.sandbox.app import run


class Command(BaseCommand):
    help = "Run platforms to practise on: Kuaishou's, Douyin's and WeChat Pay's wire, invented money, a page to play."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8802)
        parser.add_argument("--state", type=Path, default=None, help="file that survives a restart; none: memory only")
        parser.add_argument("--scale", type=float, default=None, help="multiplies every waiting time (CLOCK_SCALE)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.IS_DEMO or settings.IS_TESTING):
            raise CommandError(
                _("The platform sandbox pays invented money with well-known keys: it only starts in the demo.")
            )
        # Imported late: a shop's server never loads the sandbox.
        scale = settings.CLOCK_SCALE if options["scale"] is None else options["scale"]
        if scale <= 0:
            raise CommandError(_("--scale must be above 0."))
        self.stdout.write(_("Platform sandbox on http://%(host)s:%(port)s/") % options)
        self.stdout.flush()
        run(options["host"], options["port"], options["state"], scale)
