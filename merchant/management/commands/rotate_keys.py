"""`manage.py rotate_keys`: after a new key was put in front of HUICANG_PII_KEYS, seal everything old with it."""

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from merchant.encryption import crypto
from merchant.vault import rotation


class Command(BaseCommand):
    help = "Seals personal data, secrets and raw messages again with the newest key. May be stopped and run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows a transaction (default 500)")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = options["batch"]
        self._run("merchant_recipient", partial(rotation.rotate_recipients, batch))
        for model, field in rotation.sealed_columns():
            self._run(f"{model._meta.db_table}.{field.column}", partial(rotation.rotate_column, model, field, batch))
        self.stdout.write(f"Everything is sealed with {crypto.current_key_id()!r}; older keys may go.")

    def _run(self, name: str, step: Callable[[], int]) -> None:
        total = 0
        while count := step():
            total += count
        self.stdout.write(f"{name}: {total}")
