"""A layout of orders as data (`profiles/*.toml`): which column is what. A new layout is a new file, not new code."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from merchant.carriers import registry as carriers
from merchant.people.models import Actor
from merchant.refusals import Refused
from orders.intake import mapping, services
from orders.intake.benefits import words_in
from orders.intake.mapping import Record, columns_of, find
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment, Person, RowOutcome
from orders.intake.profile_parts import Join, by_key, line_ids_of, readable_spec, what_it_proves
from orders.intake.readers import BROKEN, Row, Table
from orders.intake.values import BadValue, identifier, moment, structure, text
from orders.record.enums import CategoryClass, OrderState

TEXTS = ("source_status", "close_reason", "pay_method", "buyer_nickname", "buyer_note", "seller_note", "host_name")
MOMENTS = (
    "placed_at", "paid_at", "shipped_at", "received_at", "completed_at", "closed_at", "ship_by_at", "source_updated_at",
)  # fmt: skip
AMOUNTS = ("paid_fen", "freight_fen", "goods_fen", "shop_discount_fen", "subsidy_fen", "refunded_fen")
PERSON = ("name", "phone", "address", "virtual_phone", "province", "city", "region_code")
LINE_TEXTS = ("title", "sku_code", "spec")
LINE_IDS = ("external_id", "item_id", "product_id")
LINE_AMOUNTS = ("goods_fen", "unit_fen", "net_fen", "refunded_fen")
# Membership of an enum is slow, and this is asked for every row.
STATES = frozenset(map(str, OrderState))
CATEGORIES = frozenset(map(str, CategoryClass))


class OrderProfile:
    """One layout. `kind` tells the importer what its rows become; other rooms register profiles of other kinds."""

    kind = "orders"

    def __init__(self, body: Mapping[str, Any], *, origin: str) -> None:
        self.body = body
        try:
            self.name: str = body["name"]
            self.titles: Mapping[str, str] = body["title"]
            self.signature = frozenset(body["signature"])
            self.platform: str = body.get("platform", "")
            self.unit: str = body.get("money", "yuan")
            self.is_by_line: bool = body.get("grain", "order") == "line"
            self.root: str = body.get("root", "")
            self._compile()
        except (KeyError, TypeError, ValueError) as error:
            raise ImproperlyConfigured(f"{origin}: {error!r}") from error
        self._check(origin)

    @classmethod
    def load(cls, path: Path) -> "OrderProfile":
        try:
            return cls(tomllib.loads(path.read_text(encoding="utf-8")), origin=path.name)
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ImproperlyConfigured(f"{path.name}: {error}") from error

    @property
    def title(self) -> str:
        language = (get_language() or "zh").split("-")[0]
        return self.titles.get(language) or self.titles["en"]

    def _compile(self) -> None:
        order, line = self.body["order"], self.body.get("line", {})
        self._number = mapping.id_reader(order["number"])
        self._number_name = mapping.reader(order["number"])[0]
        self._placed_name = mapping.reader(order["placed_at"])[0]
        self._buyer_id = mapping.text_reader(order.get("buyer_id"))
        self._texts = {name: mapping.text_reader(order[name]) for name in TEXTS if name in order}
        self._moments = {name: mapping.moment_reader(order[name]) for name in MOMENTS if name in order}
        self._amounts = {name: mapping.money_reader(order[name], self.unit) for name in AMOUNTS if name in order}
        self._flag = mapping.whole_reader(order.get("flag"))
        self._benefits = mapping.text_reader(order.get("benefits"))
        self._state_spec = order.get("state")
        self._state = mapping.text_reader(self._state_spec)
        self._state_name = mapping.reader(self._state_spec)[0] if self._state_spec else ""
        self._person = {name: mapping.text_reader(spec) for name, spec in self.body.get("recipient", {}).items()}
        self._line_source: str = line.get("rows", "rows" if self.is_by_line else "")
        self._line_texts = {name: mapping.text_reader(line[name]) for name in LINE_TEXTS if name in line}
        self._line_ids = {name: mapping.id_reader(line[name]) for name in LINE_IDS if name in line}
        self._line_amounts = {
            name: mapping.money_reader(line[name], self.unit) for name in LINE_AMOUNTS if name in line
        }
        self._quantity = mapping.whole_reader(line.get("quantity"))
        self._category = mapping.text_reader(line.get("category_class"))
        pay = self.body.get("payment", {})
        self._pay_source: str = pay.get("rows", "")
        self._pay_channel = mapping.text_reader(
            pay.get("channel", {"const": self.body.get("channel", self.platform or "other")})
        )
        self._pay_number = mapping.text_reader(pay.get("number"))
        self._pay_amount = mapping.money_reader(pay.get("amount"), self.unit)
        self._package: Mapping[str, Any] = self.body.get("package", {})
        self.joins = tuple(
            Join(
                alias,
                frozenset(spec["signature"]),
                spec["key"],
                spec.get("order_key", ""),
                tuple(spec.get("identity", ())),
                spec.get("lookup", False),
                spec.get("required", False),
            )
            for alias, spec in self.body.get("files", {}).items()
        )
        self._order_keys = {join.alias: join.order_key for join in self.joins}
        self._joined_known = {
            join.alias: {join.key, *join.identity, *self.body["files"][join.alias].get("ignored", ())}
            for join in self.joins
        }

    def _check(self, origin: str) -> None:
        """A misspelt field must stop the start, not silently import nothing."""
        allowed = {"number", "buyer_id", "flag", "benefits", "state", *TEXTS, *MOMENTS, *AMOUNTS}
        unknown = set(self.body["order"]) - allowed
        unknown |= set(self.body.get("recipient", {})) - set(PERSON)
        unknown |= set(self.body.get("line", {})) - {
            "rows",
            "quantity",
            "category_class",
            *LINE_TEXTS,
            *LINE_IDS,
            *LINE_AMOUNTS,
        }
        if unknown:
            raise ImproperlyConfigured(f"{origin}: unknown fields {sorted(unknown)}")
        spec = self._state_spec
        states = set(spec.get("map", {}).values()) if isinstance(spec, dict) else set()
        if wrong := states - {str(state) for state in OrderState}:
            raise ImproperlyConfigured(f"{origin}: unknown states {sorted(wrong)}")

    # --- finding the layout of a file ---------------------------------------------------------------------------------

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
        main = max(
            (table for table in tables if self.score(table.header)), key=lambda t: self.score(t.header), default=None
        )
        if main is None:
            raise Refused(
                "LAYOUT",
                _("These columns are needed for “%(layout)s” and none of the files has them all: %(columns)s.")
                % {"layout": self.title, "columns": ", ".join(sorted(self.signature))},
            )
        joined = {}
        for join in self.joins:
            found = next((table for table in tables if table is not main and join.signature <= set(table.header)), None)
            if found is not None:
                joined[join.alias] = found
            elif join.is_required:
                raise Refused(
                    "LAYOUT",
                    _("“%(layout)s” also needs the file with these columns: %(columns)s.")
                    % {"layout": self.title, "columns": ", ".join(sorted(join.signature))},
                )
        return main, joined

    # --- reading ------------------------------------------------------------------------------------------------------

    def records(self, main: Table, joined: Mapping[str, Table]) -> Iterator[Record]:
        """One record an order, in the order of the file; a row that names no order stands alone and is refused later.

        Where a row is a line, the rows of one order are gathered from the whole file first.
        """
        by_alias: dict[str, dict[str, list[Row]]] = {}
        lookups: dict[str, dict[str, Row]] = {}
        for join in self.joins:
            if join.alias not in joined:
                continue
            rows = (row for _no, row in joined[join.alias].rows())
            if join.is_lookup:
                lookups[join.alias] = {text(row.get(join.key)): row for row in rows}
            else:
                by_alias[join.alias] = by_key(rows, join)
        gathered: dict[Any, Record] = {}
        for number, row in main.rows():
            for each in self._descend(row):
                key = text(find(each, self._number_name)) if self.is_by_line else ""
                if key and key in gathered:
                    held = gathered[key]
                    held.rows.append(each)
                    held.row_nos = (*held.row_nos, number)
                    continue
                record = Record((number,), each, [each], lookups=lookups)
                record.joined = {
                    alias: rows.get(text(each.get(self._order_keys[alias])), []) for alias, rows in by_alias.items()
                }
                if self.is_by_line:
                    gathered[key or number] = record
                else:
                    yield record
        yield from gathered.values()

    def _descend(self, row: Row) -> Iterator[Row]:
        if not self.root or BROKEN in row:
            yield row
            return
        found = structure(find(row, self.root), self.root)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, dict):
                yield each

    def normal(self, record: Record) -> NormalOrder:
        """The record as an order. Raises BadValue, which names the column and says what is wrong."""
        row = record.row
        if BROKEN in row:
            raise BadValue(_("line"), _("this is not readable JSON"))
        number = mapping.required(self._number(record, row), self._number_name)
        if len(number) > 64:
            raise BadValue(self._number_name, _("an order number has at most 64 characters"))
        moments = {name: read(record, row) for name, read in self._moments.items()}
        mapping.required(moments.get("placed_at"), self._placed_name)
        order = NormalOrder(number=number, state="", row_nos=record.row_nos, **moments)
        for name, read_text in self._texts.items():
            setattr(order, name, read_text(record, row))
        for name, read_amount in self._amounts.items():
            amount = read_amount(record, row)
            if amount is not None:
                setattr(order, name, amount)
        order.flag = self._flag(record, row)
        if order.flag is not None and not 0 <= order.flag <= 5:
            order.flag = None
        order.benefits = words_in(self._benefits(record, row))
        order.buyer_id = self._buyer_id(record, row)
        if self._person:
            order.recipient = Person(**{name: read(record, row) for name, read in self._person.items()})
        order.lines = self._lines(record)
        order.packages = self._packages(record)
        if order.shipped_at is None and order.packages:
            order.shipped_at = min((p.shipped_at for p in order.packages if p.shipped_at), default=None)
        order.state = self._state_of(record, order)
        order.source_status = order.source_status or text(find(row, self._state_name)) if self._state_name else ""
        if order.state == OrderState.CLOSED and order.closed_at is None:
            order.closed_at = order.completed_at or order.source_updated_at
        if order.state == OrderState.CLOSED:
            order.completed_at = None
        order.payments = self._payments(record, order)
        return order

    def store(self, shop: Any, records: Sequence[Record], *, by: Actor) -> list[RowOutcome]:
        """One chunk: what can be read is stored, what cannot is refused with the column and the reason."""
        outcomes: list[RowOutcome] = []
        orders = []
        for record in records:
            try:
                orders.append(self.normal(record))
            except BadValue as bad:
                number = text(find(record.row, self._number_name))[:64]
                outcomes += [RowOutcome(row_no, number, "refused", str(bad)) for row_no in record.row_nos]
        return outcomes + services.upsert_what_can_be(shop, orders, by=by)

    def _state_of(self, record: Record, order: NormalOrder) -> str:
        if self._state_spec is None:
            return what_it_proves(order)
        found = self._state(record, record.row)
        if found in STATES:
            return found
        said = text(find(record.row, self._state_name))
        raise BadValue(self._state_name, _("“%(value)s” is a status this layout does not know") % {"value": said[:40]})

    def _lines(self, record: Record) -> list[NormalLine]:
        return [self._line(record, row) for row in self._line_rows(record)] or [NormalLine()]

    def _line_rows(self, record: Record) -> list[Row]:
        source = self._line_source
        if source == "rows":
            return record.rows
        if not source:
            return [record.row] if self.body.get("line") else []
        if source in record.joined or source in self._joined_known:
            return record.joined.get(source, [])
        found = structure(find(record.row, source), source)
        return [row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict)]

    def _line(self, record: Record, row: Row) -> NormalLine:
        line = NormalLine()
        for name, read in (*self._line_texts.items(), *self._line_ids.items()):
            setattr(line, name, read(record, row))
        line.spec = readable_spec(line.spec)
        quantity = self._quantity(record, row)
        if quantity is not None:
            if quantity < 0:
                raise BadValue(_("quantity"), _("a quantity below zero"))
            line.quantity = quantity or 1
        amounts = {name: read(record, row) for name, read in self._line_amounts.items()}
        unit = amounts.pop("unit_fen", None)
        if unit is not None:
            line.goods_fen = unit * line.quantity
        for name, amount in amounts.items():
            if amount is not None:
                setattr(line, name, amount)
        category = self._category(record, row)
        if category in CATEGORIES:
            line.category_class = category
        return line

    def _packages(self, record: Record) -> list[NormalPackage]:
        spec = self._package
        if not spec:
            return []
        source = spec.get("rows", "")
        if source == "line":
            rows = self._line_rows(record)
        elif source:
            found = structure(find(record.row, source), source) or []
            rows = [row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict)]
        else:
            rows = [record.row]
        packages: dict[str, NormalPackage] = {}
        for row in rows:
            # One parcel may carry several lines, and a cell may name several parcels.
            cell = identifier(find(row, spec["waybill"]), spec["waybill"])
            for waybill in filter(
                None, (part.strip() for part in cell.replace("，", ",").replace(";", ",").split(","))
            ):
                if not waybill.isascii() or not waybill.replace("-", "").isalnum() or len(waybill) > 40:
                    raise BadValue(spec["waybill"], _("“%(value)s” is not a waybill number") % {"value": waybill[:40]})
                word, name = (text(find(row, spec.get(column, ""))) for column in ("courier", "courier_name"))
                shipped_at = moment(find(row, spec["shipped_at"]), spec["shipped_at"]) if "shipped_at" in spec else None
                courier = carriers.code_of(word, waybill, name=name)
                held = packages.setdefault(waybill, NormalPackage(courier, waybill, shipped_at))
                held.line_ids = (*held.line_ids, *line_ids_of(row, spec.get("line_ids", "")))
        return list(packages.values())

    def _payments(self, record: Record, order: NormalOrder) -> list[NormalPayment]:
        if order.paid_at is None:
            return []
        if not self._pay_source:
            number = self._pay_number(record, record.row)
            # A masked number is no number: it would make strangers' payments one.
            number = order.number if not number or "*" in number else number
            return [NormalPayment(self._pay_channel(record, record.row), number, order.paid_fen or 0, order.paid_at)]
        payments = []
        for position, row in enumerate(record.joined.get(self._pay_source, []), start=1):
            number = self._pay_number(record, row) or str(position)
            payments.append(
                NormalPayment(
                    self._pay_channel(record, row), f"{order.number}-{number}", self._pay_amount(record, row) or 0
                )
            )
        return payments
