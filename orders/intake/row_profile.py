"""A layout whose rows become something of another room: cases, statements. The room brings the columns and the verb."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from merchant.people.models import Actor
from orders.intake.mapping import Record
from orders.intake.normal import RowOutcome
from orders.intake.picking import main_of
from orders.intake.readers import Table
from orders.intake.values import text

# (shop, records of one chunk, by) -> an outcome for every row number of every record
Store = Callable[..., list[RowOutcome]]


@dataclass(frozen=True)
class RowProfile:
    """Registered with `registry.register_profile`. `handler` runs inside the importer's transaction of one chunk, so a
    file imported twice must change nothing the second time; it answers for every row and raises for none."""

    name: str
    titles: Mapping[str, str]
    kind: str
    # Columns that must all be there; they tell this layout from the others.
    signature: frozenset[str]
    handler: Store
    # Columns that are read besides the signature, or knowingly left aside.
    known: frozenset[str] = field(default_factory=frozenset)

    @property
    def title(self) -> str:
        language = (get_language() or "zh").split("-")[0]
        return self.titles.get(language) or self.titles["en"]

    def score(self, header: Sequence[str]) -> int:
        names = set(header)
        return len(names & (self.signature | self.known)) if self.signature <= names else 0

    def pick(self, tables: Sequence[Table]) -> tuple[Table, dict[str, Table]]:
        return main_of(tables, self.score, title=self.title, signature=self.signature), {}

    def unknown_columns(self, table: Table) -> list[str]:
        return [name for name in table.header if name and name not in self.signature | self.known]

    def records(self, main: Table, joined: Mapping[str, Table]) -> Iterator[Record]:
        """One record a row; empty rows are none."""
        for number, row in main.rows():
            if any(text(cell) for cell in row.values()):
                yield Record((number,), row, [row])

    def store(self, shop: Any, records: Sequence[Record], *, by: Actor) -> list[RowOutcome]:
        return self.handler(shop, records, by=by)
