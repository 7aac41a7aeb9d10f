"""Which tables of the files a layout reads: all that have its columns, wherever their header stands."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from merchant.refusals import Refused
from orders.intake.readers import MOST_TABLES, Row, Table, joined_tables


def main_of(
    tables: Sequence[Table], score: Callable[[Sequence[str]], int], *, title: str, signature: Collection[str]
) -> Table:
    """Every table of this layout as one. Raises Refused("LAYOUT") when none has its columns."""
    found = [headed for table in tables if score((headed := table.headed(score)).header)]
    if not found:
        raise Refused(
            "LAYOUT",
            _("These columns are needed for “%(layout)s” and none of the files has them all: %(columns)s.")
            % {"layout": title, "columns": ", ".join(sorted(signature))},
        )
    if len(found) > MOST_TABLES:
        raise Refused("FILE", _("More than %(most)d tables at once; split them.") % {"most": MOST_TABLES})
    return joined_tables(found)


def best_score(score: Callable[[Sequence[str]], int], table: Table) -> int:
    """How well the best header of the table fits."""
    return max(map(score, (table.header, *(header for _number, header in table.heads))))


def parts_of(table: Table) -> tuple[Table, ...]:
    return table.parts or (table,)


def unread(tables: Sequence[Table], used: Iterable[Table]) -> list[str]:
    """The names of the tables with rows that this layout leaves aside."""
    names = {part.name for table in used for part in parts_of(table)}
    return [table.name for table in tables if table.name not in names and table.total]


def missing_columns(table: Table, wanted: Collection[str]) -> list[str]:
    """Of these columns those that a part of the table lacks. Of JSON only the first rows are known: nothing is."""
    return sorted(
        {name for part in parts_of(table) if part.heads for name in wanted if name and name not in part.header}
    )


def groups(
    rows: Callable[[], Iterable[tuple[int, Row]]], key_of: Callable[[Row], str], holds_goods: Callable[[Row], bool]
) -> Iterator[tuple[list[tuple[int, Row]], tuple[int, ...]]]:
    """(rows of one key, rows below it that name none and yet hold goods), each as soon as its last row is read; a row
    without a key stands alone. The rows are read twice, so that no more of them stand in memory than one order has
    between its first row and its last."""
    left: dict[str, int] = {}
    orphans: dict[str, list[int]] = {}
    above = ""
    for number, row in rows():
        if key := key_of(row):
            left[key] = left.get(key, 0) + 1
            above = key
        elif above and holds_goods(row):
            orphans.setdefault(above, []).append(number)
    held: dict[str, list[tuple[int, Row]]] = {}
    for number, row in rows():
        key = key_of(row)
        if not key:
            yield [(number, row)], ()
            continue
        held.setdefault(key, []).append((number, row))
        left[key] -= 1
        if not left[key]:
            yield held.pop(key), tuple(orphans.get(key, ()))


def places(names: Iterable[str]) -> list[str]:
    """The names of the tables, as a report shows them beside a row's number."""
    return [name[-80:] for name in names]
