"""The message catalogues: compiled without gettext wherever the product runs, extracted with gettext by developers."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"
LANGUAGE = "zh_Hans"
CATALOGUE = LOCALE / LANGUAGE / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|%[sd]|\{\w*\}")


def compile_catalogues(locale: Path = LOCALE) -> list[Path]:
    """Writes every .mo that is missing or older than its .po; returns those written.

    Several processes may start at once, so a finished file is moved into place in one step.
    """
    written = []
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        handle, name = tempfile.mkstemp(dir=source.parent, suffix=".tmp")
        os.close(handle)
        polib.pofile(str(source)).save_as_mofile(name)
        Path(name).chmod(0o644)
        Path(name).replace(target)
        written.append(target)
    return written


@dataclass
class Faults:
    """What keeps a catalogue from being complete: message ids, in the order of the file."""

    missing: list[str] = field(default_factory=list)
    fuzzy: list[str] = field(default_factory=list)
    obsolete: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # placeholders differ from the English

    def __bool__(self) -> bool:
        return bool(self.missing or self.fuzzy or self.obsolete or self.broken)


def faults_of(catalogue: polib.POFile) -> Faults:
    found = Faults()
    for entry in catalogue:
        if entry.obsolete:
            found.obsolete.append(entry.msgid)
        elif entry.fuzzy:
            found.fuzzy.append(entry.msgid)
        elif not entry.translated():
            found.missing.append(entry.msgid)
        elif not has_same_placeholders(entry):
            found.broken.append(entry.msgid)
    return found


def has_same_placeholders(entry: polib.POEntry) -> bool:
    """Whether the translation names what the English names; a plural's forms may leave the number out."""
    wanted = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural or ""))
    if entry.msgid_plural:
        return all(set(PLACEHOLDER.findall(text)) <= wanted for text in entry.msgstr_plural.values())
    return set(PLACEHOLDER.findall(entry.msgstr)) == wanted


def tidy(path: Path) -> None:
    """Takes out of an extracted file what changes without meaning: the date, empty header lines, wrapping."""
    catalogue = polib.pofile(str(path), wrapwidth=0)
    for name in ("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Report-Msgid-Bugs-To"):
        catalogue.metadata.pop(name, None)
    catalogue.header = "Huicang, simplified Chinese."
    catalogue.metadata_is_fuzzy = 0
    catalogue.metadata |= {
        "Project-Id-Version": "huicang",
        "Language": LANGUAGE,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    catalogue.save(str(path))


def can_extract() -> bool:
    return all(shutil.which(tool) for tool in ("xgettext", "msgmerge", "msguniq", "msgattrib"))
