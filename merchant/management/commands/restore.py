"""`manage.py restore FILE`: a backup into a new database, after `manage.py migrate`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from merchant import backup


class Command(BaseCommand):
    help = "Fills an empty, migrated database with a backup: all of it, or nothing and the reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        say = self.stdout.write if options["verbosity"] > 1 else (lambda _line: None)
        try:
            manifest = backup.restore(options["file"], say=say)
        except backup.CannotRestore as error:
            raise CommandError(str(error)) from error
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(f"Restored {rows} rows of {manifest['made_at']}. Everybody signs in again.")
