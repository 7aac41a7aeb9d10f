"""`manage.py demo`: the whole product on this machine, with a shop to try it on."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from merchant.launcher.demo import Demo, Ports
from merchant.launcher.folder import CannotStart, DataFolder


class Command(BaseCommand):
    help = "Starts servers, web, workers, poller, beat and both sandboxes; Ctrl-C ends all of them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        ports = Ports()
        parser.add_argument("--port", type=int, default=ports.web)
        parser.add_argument("--courier-port", type=int, default=ports.courier)
        parser.add_argument("--platform-port", type=int, default=ports.platform)
        parser.add_argument("--empty", action="store_true", help="with nothing in it, to walk the way of a new shop")
        parser.add_argument("--data", type=Path, default=None, help="data folder; .data of the project by default")

    def handle(self, *args: Any, **options: Any) -> None:
        if sys.platform == "win32":
            raise CommandError("The demo runs on Linux and macOS; on Windows use it inside WSL.")
        part = ("empty",) if options["empty"] else ()
        folder = DataFolder(options["data"].resolve()) if options["data"] else DataFolder.default(*part)
        ports = Ports(options["port"], options["courier_port"], options["platform_port"])
        try:
            Demo(folder, ports, is_empty=options["empty"]).run()
        except CannotStart as sentence:
            raise CommandError(str(sentence)) from None
