"""`manage.py messages`: bring the Chinese catalogue up to date with the code, or check that it is."""

import os
from argparse import ArgumentParser
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.management.commands import makemessages

from merchant import languages

IGNORED = [".venv*", ".data*", ".bench*", "tests/*", "docs/*", "node_modules/*", "conftest.py"]


class Extraction(makemessages.Command):
    """Django's extraction without guesses: a changed sentence is a missing one, never a fuzzy old translation."""

    msgmerge_options = ["-q", "--backup=none", "--update", "--no-fuzzy-matching"]  # noqa: RUF012 (Django's own shape)


def extract() -> None:
    if not languages.can_extract():
        raise CommandError("Extracting messages needs gettext: apt-get install gettext")
    languages.CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    before = os.getcwd()
    os.chdir(settings.BASE_DIR)  # makemessages walks the working folder
    try:
        Extraction().run_from_argv(
            ["manage.py", "makemessages", "-v", "0", "-l", languages.LANGUAGE, "--no-location", "--no-wrap"]
            + [f"--ignore={pattern}" for pattern in IGNORED]
        )
    finally:
        os.chdir(before)
    languages.tidy(languages.CATALOGUE)


class Command(BaseCommand):
    help = "Extracts messages into locale/zh_Hans and compiles them; --check changes nothing and fails when incomplete."
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail on missing, fuzzy or obsolete entries")
        parser.add_argument("--compile", action="store_true", help="only compile; needs no gettext")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["compile"]:
            for path in languages.compile_catalogues():
                self.stdout.write(f"compiled {path.relative_to(settings.BASE_DIR)}")
            return
        if options["check"]:
            self.check_catalogue()
            return
        extract()
        languages.compile_catalogues()
        faults = languages.faults_of(polib.pofile(str(languages.CATALOGUE)))
        self.stdout.write(f"{len(faults.missing)} to translate, {len(faults.obsolete)} no longer used")

    def check_catalogue(self) -> None:
        """Extracts into the real file, looks, and puts the old text back."""
        path = languages.CATALOGUE
        before = path.read_bytes() if path.exists() else None
        try:
            extract()
            catalogue = polib.pofile(str(path))
        finally:
            if before is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(before)
        faults = languages.faults_of(catalogue)
        for word, ids in vars(faults).items():
            for message in ids:
                self.stderr.write(f"{word}: {message}")
        if faults:
            counts = ", ".join(f"{len(ids)} {word}" for word, ids in vars(faults).items() if ids)
            raise CommandError(f"locale/{languages.LANGUAGE} is not complete: {counts}. Run `make messages`, translate.")
        self.stdout.write(f"locale/{languages.LANGUAGE}: {len(catalogue.translated_entries())} messages, all translated")
