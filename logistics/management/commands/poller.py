"""`manage.py poller`: asks couriers about parcels that are due, until SIGTERM."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from logistics.polling import poller


class Command(BaseCommand):
    help = "Ask the couriers about every watched parcel when it is due. Ends cleanly on SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--in-flight",
            type=int,
            default=poller.IN_FLIGHT,
            help="questions under way at once, of all HUICANG_POLLERS together",
        )
        parser.add_argument("--once", action="store_true", help="end when nothing is due any more")

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(self._run(options))

    async def _run(self, options: dict[str, Any]) -> None:
        await poller.run_until_told(poller.Poller(in_flight=options["in_flight"], once=options["once"]))
