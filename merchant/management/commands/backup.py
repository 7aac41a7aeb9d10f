"""`manage.py backup FILE`: the whole database in one file, as it stands at this instant."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from merchant import backup


class Command(BaseCommand):
    help = "Writes the whole database, photos and uploads included, to one file. The site may go on working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a new file, such as backups/2026-11-30.huicang")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        say = self.stdout.write if options["verbosity"] > 1 else (lambda _line: None)
        try:
            manifest = backup.write(path, say=say)
        except FileExistsError as error:
            raise CommandError(f"{path} is there already: a backup is never written over.") from error
        rows = sum(table["rows"] for table in manifest["tables"].values())
        self.stdout.write(f"{path}: {len(manifest['tables'])} tables, {rows} rows, {path.stat().st_size} bytes.")
        self.stdout.write(
            f"Needs, to be read again, and does not hold: {', '.join(manifest['keys'])}. Keep those somewhere else."
        )
