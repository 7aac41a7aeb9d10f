"""`manage.py messages`: bring the Chinese catalogue up to date with the code, or check that it is."""

import os
import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.management.commands import makemessages

from merchant import languages

# Where text for people stands.
SOURCES = ("merchant", "orders", "logistics", "aftersales", "cs_workbench", "templates")


class Extraction(makemessages.Command):
    """Django's extraction without guesses: a changed sentence is a missing one, never a fuzzy old translation."""

    msgmerge_options = ["-q", "--backup=none", "--update", "--no-fuzzy-matching"]


def only_text(folder: str, names: list[str]) -> set[str]:
    """What copytree leaves behind: everything but folders, code and templates."""
    kept = (".py", ".html", ".txt")
    return {
        name for name in names if name == "__pycache__" or (not name.endswith(kept) and not Path(folder, name).is_dir())
    }


def extract(before: bytes | None) -> str:
    """The catalogue as the code wants it, with the translations of `before`.

    Done on a copy: the extraction leaves its own files beside each template while it works.
    """
    if not languages.can_extract():
        raise CommandError("Extracting messages needs gettext: apt-get install gettext")
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for source in SOURCES:
            shutil.copytree(settings.BASE_DIR / source, folder / source, ignore=only_text)
        catalogue = folder / languages.CATALOGUE.relative_to(settings.BASE_DIR)
        catalogue.parent.mkdir(parents=True)
        if before is not None:
            catalogue.write_bytes(before)
        os.chdir(folder)  # makemessages walks the working folder
        try:
            Extraction().run_from_argv(
                ["manage.py", "makemessages", "-v", "0", "-l", languages.LANGUAGE, "--no-location", "--no-wrap"]
            )
        finally:
            os.chdir(here)
        languages.tidy(catalogue)
        return catalogue.read_text(encoding="utf-8")


class Command(BaseCommand):
    help = "Extracts messages into locale/zh_Hans and compiles them; --check changes nothing and fails when incomplete."
    requires_system_checks: list[str] = []

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
        text = extract(self.current())
        languages.CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
        languages.CATALOGUE.write_text(text, encoding="utf-8")
        languages.compile_catalogues()
        faults = languages.faults_of(polib.pofile(text))
        self.stdout.write(f"{len(faults.missing)} to translate, {len(faults.obsolete)} no longer used")

    def current(self) -> bytes | None:
        return languages.CATALOGUE.read_bytes() if languages.CATALOGUE.exists() else None

    def check_catalogue(self) -> None:
        catalogue = polib.pofile(extract(self.current()))
        faults = languages.faults_of(catalogue)
        for word, ids in vars(faults).items():
            for message in ids:
                self.stderr.write(f"{word}: {message}")
        if faults:
            counts = ", ".join(f"{len(ids)} {word}" for word, ids in vars(faults).items() if ids)
            raise CommandError(f"The Chinese catalogue is not complete: {counts}. Run `make messages`, translate.")
        self.stdout.write(f"{len(catalogue.translated_entries())} messages, all translated")
