"""The rules, read from docs/rules.md: one text for the reader of the repository, the rule page and the tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language, gettext, override

from merchant.carriers import registry as carriers
from merchant.money import yuan
from merchant.people.rights import ROLES

NONE = "–"
KEYS = ("en", "zh", "source", "default", "setting", "applies")
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
UNIT_NAMES = {"s": "秒", "min": "分钟", "h": "小时", "d": "天"}

Value = timedelta | int | bool | str | tuple[str, ...] | dict[str, int | None] | None


@dataclass(frozen=True)
class Both:
    """One sentence in both languages."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.said()

    def said(self, language: str | None = None) -> str:
        """The sentence in `language`, or in the language of this request."""
        return self.zh if (language or get_language() or settings.LANGUAGE_CODE).startswith("zh") else self.en


# The words a default may consist of, as a page shows them.
WORDS = {
    "on": Both("on", "开"),
    "off": Both("off", "关"),
    "success": Both("at the courier's success", "拦截成功时"),
    "finance": Both("finance releases", "财务放款"),
    "order": Both("an order a day", "每单每天一次"),
    "own": Both("by role", "按角色"),
}


@dataclass(frozen=True)
class Rule:
    """One section of docs/rules.md. `default` and `setting` are as written there, `NONE` when the rule has none."""

    code: str
    group: Both
    titles: Both
    texts: Both
    sources: Both
    default: str
    setting: str
    applies_now: bool

    def title(self, language: str | None = None) -> str:
        return self.titles.said(language)

    def text(self, language: str | None = None) -> str:
        return self.texts.said(language)

    def source(self, language: str | None = None) -> str:
        return self.sources.said(language)

    @property
    def value(self) -> Value:
        """The default as a value: a length of time, fen, a number, on/off, a word, several words, or {role: fen}."""
        if self.default == NONE:
            return None
        if self.code.startswith("RIGHT-"):
            return dict(_role_and_limit(part) for part in self.default.split(", "))
        if found := re.fullmatch(r"(\d+) (s|min|h|d)", self.default):
            return timedelta(seconds=int(found[1]) * UNITS[found[2]])
        if found := re.fullmatch(r"(\d+)(?: fen)?", self.default):
            return int(found[1])
        if self.default in ("on", "off"):
            return self.default == "on"
        words = tuple(self.default.split(", "))
        return words if len(words) > 1 else self.default

    def default_text(self, language: str | None = None) -> str:
        """The default as a person reads it: `¥500.00`, `48 小时`, `开`; empty when the rule has none."""
        language = language or get_language() or settings.LANGUAGE_CODE
        comma = "、" if language.startswith("zh") else ", "
        value = self.value
        if isinstance(value, dict):
            with override(language):
                return comma.join(_role_text(slug, fen) for slug, fen in value.items())
        if isinstance(value, timedelta):
            number, unit = self.default.split(" ")
            return f"{number} {UNIT_NAMES[unit] if language.startswith('zh') else unit}"
        if isinstance(value, int) and not isinstance(value, bool):
            return f"¥{yuan(value)}" if self.default.endswith(" fen") else str(value)
        words = [] if value is None else self.default.split(", ")
        with override(language):
            return comma.join(WORDS[word].said() if word in WORDS else carriers.name_of(word) for word in words)


def _role_and_limit(part: str) -> tuple[str, int | None]:
    slug, _, limit = part.partition(" ≤ ")
    return slug, int(limit.removesuffix(" fen")) if limit else None


def _role_text(slug: str, fen: int | None) -> str:
    name = gettext(ROLES[slug].name)
    return name if fen is None else f"{name} ≤ ¥{yuan(fen)}"


def _both(text: str) -> Both:
    en, _, zh = text.partition(" · ")
    return Both(en, zh or en)


def parse(text: str) -> Iterator[Rule]:
    """The rules of a page written like docs/rules.md, in its order. Raises ValueError on an incomplete section."""
    group = Both("", "")
    for block in re.split(r"\n(?=##)", text):
        if block.startswith("## "):
            group = _both(block.splitlines()[0].removeprefix("## "))
        if not block.startswith("### "):
            continue
        code, _, title = block.splitlines()[0].removeprefix("### ").partition(" · ")
        lines = dict(line[2:].split(": ", 1) for line in block.splitlines() if line.startswith("- "))
        if tuple(lines) != KEYS or lines["applies"] not in ("now", "later"):
            raise ValueError(f"docs/rules.md: {code} must say {', '.join(KEYS)}, in this order")
        yield Rule(
            code=code,
            group=group,
            titles=_both(title),
            texts=Both(lines["en"], lines["zh"]),
            sources=_both(lines["source"]),
            default=lines["default"],
            setting=lines["setting"],
            applies_now=lines["applies"] == "now",
        )


@lru_cache(maxsize=1)
def _book() -> dict[str, Rule]:
    path: Path = settings.BASE_DIR / "docs" / "rules.md"
    return {rule.code: rule for rule in parse(path.read_text(encoding="utf-8"))}


def all_rules() -> list[Rule]:
    """Every rule in the page's order; the file is read once a process."""
    return list(_book().values())


def rule(code: str) -> Rule:
    """The rule of this code. Raises KeyError when docs/rules.md has none."""
    return _book()[code]


def benefit_code(benefit: str) -> str:
    """The rule of a promise to the buyer: late_ship → BEN-LATE-SHIP."""
    return f"BEN-{benefit.upper().replace('_', '-')}"


def groups() -> list[tuple[Both, list[Rule]]]:
    """The rules by section, both in the page's order."""
    found: dict[Both, list[Rule]] = {}
    for item in all_rules():
        found.setdefault(item.group, []).append(item)
    return list(found.items())
