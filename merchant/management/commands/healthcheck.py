"""`manage.py alive NAME`: the health check of processes that listen on no port."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from merchant.clock import now
from merchant.jobs.models import ProcessBeat


class Command(BaseCommand):
    help = "Exits 0 when a process of this name has given a sign of life lately, else 1."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="as on the operations page; a prefix is enough")
        parser.add_argument("--within", type=float, default=120.0, help="seconds (default 120)")

    def handle(self, *args: Any, **options: Any) -> None:
        since = now() - timedelta(seconds=options["within"])
        latest = ProcessBeat.objects.filter(name__startswith=options["name"]).order_by("-last_ok_at").first()
        if latest is None:
            raise CommandError(f"{options['name']} has never given a sign of life.")
        if latest.last_ok_at < since:
            raise CommandError(f"{latest.name} was last seen at {latest.last_ok_at:%Y-%m-%d %H:%M:%S} UTC.")
        self.stdout.write(f"{latest.name} is alive")
