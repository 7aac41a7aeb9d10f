"""docs/openapi.yaml as a page reads it: operations by area, and the members of what goes in and comes out."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext_lazy as _

FILE = settings.BASE_DIR / "docs" / "openapi.yaml"
# The areas in the order of an order's life.
AREAS = {
    "shops": _("Shop and token"),
    "orders": _("Orders and imports"),
    "customers": _("Customers"),
    "parcels": _("Parcels and tracks"),
    "cases": _("After-sale cases"),
    "interceptions": _("Interceptions"),
    "refunds": _("Refunds"),
    "returns": _("Goods that come home"),
    "claims": _("Claims on couriers"),
    "stock": _("Products and stock"),
    "statements": _("Statements and differences"),
    "notices": _("Notices"),
}


@dataclass(frozen=True)
class Member:
    """One parameter or member: `kind` in words, `link` to the shape it is made of where that has a place of its own."""

    name: str
    kind: str
    link: str = ""
    text: str = ""
    is_required: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    text: str
    scope: str
    status: str
    parameters: tuple[Member, ...] = ()
    content_types: tuple[str, ...] = ()
    body: tuple[Member, ...] = ()
    answer: str = ""
    is_list: bool = False

    @property
    def steps(self) -> list[str]:
        """The address in pieces, between which a narrow page may break it."""
        return [f"{step}/" for step in self.path.removesuffix("/").split("/")]


@dataclass
class Area:
    name: str
    label: Any
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True)
class Shape:
    """What an answer is made of."""

    name: str
    text: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Reference:
    areas: list[Area]
    shapes: list[Shape]


def document() -> str:
    """The OpenAPI document as it is committed."""
    return FILE.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def reference() -> Reference:
    """Read once in a process: the file is a part of the release."""
    return _Reader(yaml.load(document(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))).read()  # noqa: S506


class _Reader:
    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.shapes: dict[str, Shape] = {}

    def read(self) -> Reference:
        areas = {name: Area(name, label) for name, label in AREAS.items()}
        for path, methods in self.told["paths"].items():
            for method, operation in methods.items():
                areas[operation["tags"][0]].operations.append(self._operation(path, method, operation))
        return Reference([area for area in areas.values() if area.operations], sorted_shapes(self.shapes))

    def _operation(self, path: str, method: str, told: dict[str, Any]) -> Operation:
        text, _gap, scope = told.get("description", "").rpartition("\n\n")
        status, answer = next((code, one) for code, one in told["responses"].items() if code.startswith("2"))
        shown = self._resolved(next(iter(answer.get("content", {}).values()))["schema"])
        is_list = "results" in shown.get("properties", {})
        of_row = shown["properties"]["results"]["items"] if is_list else self._schema_of(answer)
        content = told.get("requestBody", {}).get("content", {})
        first: Any = next((one["schema"] for one in content.values()), {})
        parameters = [self._resolved(one) for one in told.get("parameters", [])]
        return Operation(
            name=told["operationId"],
            method=method.upper(),
            path=path,
            text=text.replace("`", ""),
            scope=scope.removeprefix("Scope: `").removesuffix("`.") if scope.startswith("Scope") else "",
            status=status,
            parameters=tuple(
                self._member(one["name"], one["schema"], bool(one.get("required")), one.get("description", ""))
                for one in parameters
                if one["in"] == "query"
            ),
            content_types=tuple(content),
            body=self._members(self._resolved(first)) if first else (),
            answer=self._shape(of_row),
            is_list=is_list,
        )

    @staticmethod
    def _schema_of(answer: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = next(iter(answer["content"].values()))["schema"]
        return found

    def _resolved(self, told: dict[str, Any]) -> dict[str, Any]:
        """What a $ref leads to; of alternatives the one that is neither empty nor null."""
        while True:
            if "$ref" in told:
                found: Any = self.told
                for step in told["$ref"].removeprefix("#/").split("/"):
                    found = found[step]
                told = found
            elif ways := told.get("oneOf") or told.get("anyOf") or told.get("allOf"):
                refs = [one for one in ways if one.get("$ref", "").rpartition("/")[2] not in ("NullEnum", "BlankEnum")]
                told = next((one for one in refs if one.get("type") != "null"), ways[0])
            else:
                return told

    def _shape(self, told: dict[str, Any]) -> str:
        """The name of the shape, which is read too; "" where it has none."""
        ref = told.get("$ref", "") or next((one["$ref"] for one in told.get("oneOf", ()) if "$ref" in one), "")
        name = str(ref.rpartition("/")[2])
        shown = self._resolved(told)
        if not name or "properties" not in shown:
            return ""
        if name not in self.shapes:
            self.shapes[name] = Shape(name, shown.get("description", ""), ())
            self.shapes[name] = Shape(name, shown.get("description", ""), self._members(shown))
        return name

    def _members(self, told: dict[str, Any]) -> tuple[Member, ...]:
        required = told.get("required", [])
        return tuple(self._member(name, one, name in required, "") for name, one in told.get("properties", {}).items())

    def _member(self, name: str, told: dict[str, Any], is_required: bool, text: str) -> Member:
        shown = self._resolved(told)
        items = shown.get("items", {})
        of_items = self._resolved(items)
        choices = shown.get("enum") or of_items.get("enum") or []
        told_choices = _labels(shown if shown.get("enum") else of_items)
        return Member(
            name=name,
            kind=_kind(shown, of_items),
            link=self._shape(items or told),
            text=(text or ("" if choices else told.get("description") or shown.get("description", ""))).replace(
                "`", ""
            ),
            is_required=is_required,
            choices=tuple((str(one), told_choices.get(str(one), "")) for one in choices if one not in (None, "")),
        )


def sorted_shapes(shapes: dict[str, Shape]) -> list[Shape]:
    return [shapes[name] for name in sorted(shapes)]


def _kind(shown: dict[str, Any], items: dict[str, Any]) -> str:
    """`integer`, `string (date-time)`, `array of string`."""
    found = shown.get("type", "object")
    names = [str(one) for one in found if one != "null"] if isinstance(found, list) else [str(found)]
    kind = " | ".join(names)
    if kind == "array":
        return f"array of {_kind(items, {})}"
    return f"{kind} ({shown['format']})" if "format" in shown else kind


def _labels(shown: dict[str, Any]) -> dict[str, str]:
    """{choice: its meaning} from the lines ``* `value` - meaning``."""
    lines = [line.removeprefix("* `").partition("` - ") for line in shown.get("description", "").splitlines()]
    return {value: meaning for value, dash, meaning in lines if dash}
