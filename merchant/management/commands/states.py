"""`manage.py states`: draw docs/states/ from the code, or check that it is drawn."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from merchant.state_diagrams import pages


class Command(BaseCommand):
    help = "Writes a diagram of every state machine to docs/states/; --check fails when one differs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "docs" / "states"
        wanted = pages()
        there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
        if options["check"]:
            wrong = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
            if wrong:
                raise CommandError(f"docs/states differs from the code ({', '.join(wrong)}). Run `make states`.")
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name in there.keys() - wanted.keys():
            (folder / name).unlink()
        for name, text in wanted.items():
            (folder / name).write_text(text, encoding="utf-8")
        self.stdout.write(f"{len(wanted) - 1} diagrams in docs/states")
