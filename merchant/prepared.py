"""Querysets that a busy page asks again and again: built and compiled once, then only their values are put in.

Django works a statement out anew for every run, which takes three times as long as PostgreSQL needs for the answer.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators

Row = TypeVar("Row", bound=models.Model)

# So many statements are kept built; then all are forgotten.
STATEMENTS = 1000
_statements: dict[Hashable, "_Statement | None"] = {}
_UNKNOWN: Any = object()


def rows_of(key: Hashable, build: Callable[..., models.QuerySet[Row]], **values: Any) -> list[Row]:
    """The rows of `build(**values)`: model instances, their related rows and annotations as it selects them.

    `key` names the statement with everything it is made from but `values` (who asks: `scope_of` in
    merchant/people/visibility.py). `build` must put the values into its conditions and look at them in no other way: it
    is called with others than these, once a key. They are whole numbers, texts, instants or days, never None;
    prefetches are not carried out. Rows may be locked, as by `select_for_update`."""
    statement = _statement_of(key, build, values)
    return [] if statement is None else list(statement.rows(values))


def tuples_of(key: Hashable, build: Callable[..., models.QuerySet[Any, Any]], **values: Any) -> list[tuple[Any, ...]]:
    """The same for `values_list`, also of a union."""
    statement = _statement_of(key, build, values)
    return [] if statement is None else statement.read(values)


def named(name: str, values: Iterable[Any]) -> dict[str, Any]:
    """`values` for a condition with `__in`, each under a name of its own; how many they are says the statement."""
    return {f"{name}{place}": value for place, value in enumerate(values)}


def first_of(key: Hashable, build: Callable[..., models.QuerySet[Row]], **values: Any) -> Row | None:
    """The only row of a queryset that is cut to one (`[:1]`), or None."""
    return next(iter(rows_of(key, build, **values)), None)


def _statement_of(
    key: Hashable, build: Callable[..., models.QuerySet[Any, Any]], values: Mapping[str, Any]
) -> "_Statement | None":
    full = (key, *values)
    statement = _statements.get(full, _UNKNOWN)
    if statement is _UNKNOWN:
        if len(_statements) >= STATEMENTS:
            _statements.clear()
        statement = _statements[full] = _prepare(build, values)
    return statement


@dataclass(frozen=True)
class _Statement:
    """A compiled statement. `places` says for each parameter whose value stands there; "" for one that is fixed."""

    sql: str
    params: tuple[Any, ...]
    places: tuple[str, ...]
    converters: tuple[tuple[int, tuple[Any, ...], Any], ...]
    is_locking: bool
    # Of rows that become instances.
    make: Callable[[Any, Any, Any], models.Model] | None = None
    start: int = 0
    end: int = 0
    names: tuple[str, ...] = ()
    related: tuple[Any, ...] = ()
    annotated: tuple[tuple[str, int], ...] = ()

    def read(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        if self.is_locking and not connection.in_atomic_block:
            raise transaction.TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        params = [values[name] if name else fixed for name, fixed in zip(self.places, self.params, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found = cursor.fetchall()
        return [self._converted(row) for row in found] if self.converters else found

    def rows(self, values: Mapping[str, Any]) -> Iterator[Any]:
        assert self.make is not None, "values_list is read by tuples_of"
        for row in self.read(values):
            made = self.make(connection.alias, self.names, row[self.start : self.end])
            for populator in self.related:
                populator.populate(row, made)
            for name, place in self.annotated:
                setattr(made, name, row[place])
            yield made

    def _converted(self, raw: tuple[Any, ...]) -> tuple[Any, ...]:
        row = list(raw)
        for place, converters, expression in self.converters:
            for convert in converters:
                row[place] = convert(row[place], expression, connection)
        return tuple(row)


def _prepare(build: Callable[..., models.QuerySet[Any]], values: Mapping[str, Any]) -> _Statement | None:
    """The statement; None where Django knows without asking that there is no row."""
    marks = {name: _mark(place, value) for place, (name, value) in enumerate(values.items())}
    rows = build(**marks)
    kind = rows._iterable_class
    if kind not in (ModelIterable, ValuesListIterable) or rows._prefetch_related_lookups:  # type: ignore[attr-defined]
        raise TypeError("a prepared queryset gives model instances or tuples, without prefetches")
    compiler: Any = rows.query.get_compiler(connection.alias)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    by_mark = {(type(mark), mark): name for name, mark in marks.items()}
    places = tuple(by_mark.get((type(param), param), "") for param in params)
    if missing := marks.keys() - set(places):
        raise TypeError(f"not in the statement's values: {', '.join(sorted(missing))}")
    found = compiler.get_converters([one[0] for one in compiler.select])
    converters = tuple((place, tuple(done), expression) for place, (done, expression) in found.items())
    if kind is ValuesListIterable:
        return _Statement(sql, tuple(params), places, converters, rows.query.select_for_update)
    model, fields = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    start, end = fields[0], fields[-1] + 1
    return _Statement(
        sql=sql,
        params=tuple(params),
        places=places,
        make=model.from_db,
        start=start,
        end=end,
        names=tuple(one[0].target.attname for one in compiler.select[start:end]),
        converters=converters,
        is_locking=rows.query.select_for_update,
        related=tuple(get_related_populators(compiler.klass_info, compiler.select, connection.alias)),  # type: ignore[call-arg]
        annotated=tuple(compiler.annotation_col_map.items()),
    )


def _mark(place: int, value: Any) -> Any:
    """A value of the same type that stands nowhere else."""
    if isinstance(value, bool) or value is None:
        raise TypeError("True, False and None belong to the key")
    if isinstance(value, int):
        return 7_317_000_000_000_000_000 + place
    if isinstance(value, str):
        return f"\ue000{place}\ue000"
    if isinstance(value, datetime):
        return datetime(9000, 1, 1, tzinfo=UTC) + timedelta(days=place)
    if isinstance(value, date):
        return date(9000, 1, 1) + timedelta(days=place)
    raise TypeError(f"no statement is prepared for a {type(value).__name__}")
