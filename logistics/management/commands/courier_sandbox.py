import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from aiohttp import web
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from logistics.sandbox.app import create_app


class Command(BaseCommand):
    help = "Couriers on this machine: for the demo and for tests, never for a real shop."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8801)
        parser.add_argument("--state", default=".data/courier_sandbox.sqlite3", help="the file everything is kept in")
        parser.add_argument("--scale", type=float, default=None, help="nominal seconds × this = real seconds")
        parser.add_argument("--slow-call", type=float, default=10.0, help="how long a slow answer takes, seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.IS_DEMO or os.environ.get("HUICANG_TESTING") == "1"):
            raise CommandError("The courier sandbox runs in the demo and in tests only (HUICANG_DEMO=1).")
        scale = settings.CLOCK_SCALE if options["scale"] is None else options["scale"]
        if not 0 < scale <= 100:
            raise CommandError("--scale must lie between 0 and 100")
        state = Path(options["state"])
        state.parent.mkdir(parents=True, exist_ok=True)
        # Ctrl-C and a launcher's stop both end it by aiohttp's own clean way.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        app = create_app(state, scale=scale, slow_call_s=options["slow_call"])
        web.run_app(
            app,
            host=options["host"],
            port=options["port"],
            access_log=None,
            print=lambda *_: self.stdout.write(f"courier sandbox on http://{options['host']}:{options['port']}/"),
        )
