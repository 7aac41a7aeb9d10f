"""Which file a layout reads, and which of its columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from merchant.refusals import Refused
from orders.intake.mapping import columns_of
from orders.intake.picking import main_of, missing_columns, parts_of
from orders.intake.profile_parts import Join
from orders.intake.readers import Table


class ColumnsOfLayout:
    """What of a layout is about headers; `OrderProfile` reads the rows."""

    body: Mapping[str, Any]
    titles: Mapping[str, str]
    signature: frozenset[str]
    root: str
    is_shipped: bool
    joins: Sequence[Join]
    _line_source: str
    _package: Mapping[str, Any]

    @property
    def title(self) -> str:
        language = (get_language() or "zh").split("-")[0]
        return self.titles.get(language) or self.titles["en"]

    def score(self, header: Sequence[str]) -> int:
        """How well a header fits: 0 when a column of the signature is missing, else the number of columns it knows."""
        names = set(header)
        return len(names & (self.known_columns | self.signature)) if self.signature <= names else 0

    @property
    def known_columns(self) -> set[str]:
        """Columns of the main file that are read, or knowingly left aside."""
        found: set[str] = set(self.body.get("ignored", ()))
        for section in ("order", "recipient", "payment"):
            for name, spec in self.body.get(section, {}).items():
                if name != "rows":
                    found |= columns_of(spec)
        if self._line_source in ("", "rows"):
            for name, spec in self.body.get("line", {}).items():
                if name != "rows":
                    found |= columns_of(spec)
        for name, spec in self._package.items():
            if name == "rows":
                found.add(str(spec).partition(".")[0])
            elif not self._package.get("rows") or self._package["rows"] == "line":
                found |= columns_of(spec)
        found |= {join.order_key for join in self.joins if join.order_key}
        found |= {str(self._line_source).partition(".")[0]} if "." in self._line_source else {self._line_source}
        if self.root:
            found.add(self.root.partition(".")[0])
        return found

    def unknown_columns(self, table: Table) -> list[str]:
        """Columns of the file this layout says nothing about, in the file's order."""
        known = self.known_columns | self.signature
        return [name for name in table.header if name and name not in known]

    def pick(self, tables: Sequence[Table]) -> tuple[Table, dict[str, Table]]:
        """(the file of orders, the joined files by alias). Raises Refused("LAYOUT") when a needed one is missing."""
        main = main_of(tables, self.score, title=self.title, signature=self.signature)
        if missing := self.missing_columns(main):
            raise Refused(
                "LAYOUT",
                _("“%(layout)s” names columns that the file does not have: %(columns)s.")
                % {"layout": self.title, "columns": ", ".join(missing)},
            )
        joined = {}
        for join in self.joins:
            taken = {part.name for part in parts_of(main)}
            others = (table.headed(join.fits) for table in tables if table.name not in taken)
            found = next((table for table in others if join.fits(table.header)), None)
            if found is not None:
                joined[join.alias] = found
            elif join.is_required:
                raise Refused(
                    "LAYOUT",
                    _("“%(layout)s” also needs the file with these columns: %(columns)s.")
                    % {"layout": self.title, "columns": ", ".join(sorted(join.signature))},
                )
        return main, joined

    def missing_columns(self, main: Table) -> list[str]:
        """Columns the layout names and the file lacks. A layout of ours may name more than one version of an export
        has; of any other, each column must be there, save those it calls `optional`."""
        if self.root or self.is_shipped:
            return []
        optional = {*self.body.get("optional", ()), *self.body.get("ignored", ())}
        named: set[str] = set()
        for section in ("order", "recipient", "payment", "line", "package"):
            of_main = section in ("order", "recipient") or self._reads_main(section)
            for name, spec in self.body.get(section, {}).items() if of_main else ():
                if name not in ("rows", "line_ids"):
                    named |= needed_columns(spec)
        named |= {join.order_key for join in self.joins if join.order_key}
        absent = missing_columns(main, named - optional)
        return [name for name in absent if not reads_json_of(name, main)]

    def _reads_main(self, section: str) -> bool:
        source = self.body.get(section, {}).get("rows", self._line_source if section == "line" else "")
        return source in ("", "rows") or (source == "line" and self._line_source in ("", "rows"))


def needed_columns(spec: Any) -> set[str]:
    """The columns without which a spec reads nothing: of alternatives none in particular, of the rest each."""
    if isinstance(spec, dict) and isinstance(spec.get("from"), list):
        spec = spec["from"]
    if isinstance(spec, list):
        return set(spec[:1]) if len(spec) == 1 else set()
    if isinstance(spec, str):
        return {spec}
    if isinstance(spec, dict) and "lookup" in spec:
        return {spec["by"]}
    return columns_of(spec)


def reads_json_of(name: str, table: Table) -> bool:
    """Whether a dotted name reads a column that holds JSON."""
    head, dot, _rest = name.partition(".")
    return bool(dot) and head in table.header
