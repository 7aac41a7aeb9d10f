"""A layout of orders as data (`profiles/*.toml`): which column is what. A new layout is a new file, not new code."""

import logging
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from merchant.carriers import registry as carriers
from merchant.carriers import waybills
from merchant.people.models import Actor
from orders.intake import mapping, phones, services
from orders.intake.benefits import words_in
from orders.intake.mapping import Record, find
from orders.intake.normal import NormalLine, NormalOrder, NormalPackage, NormalPayment, Person, RowOutcome
from orders.intake.picking import groups, parts_of
from orders.intake.profile_columns import ColumnsOfLayout
from orders.intake.profile_parts import Join, by_key, line_ids_of, readable_spec, what_it_proves
from orders.intake.readers import BROKEN, Merged, Row, Table, why_broken
from orders.intake.values import BadValue, identifier, rounded, structure, text
from orders.record.enums import CategoryClass, OrderState

log = logging.getLogger(__name__)

# A table of no more rows is kept in memory between the two times its rows are asked for.
FEW_ROWS = 5000
TEXTS = ("source_status", "close_reason", "pay_method", "buyer_nickname", "buyer_note", "seller_note", "host_name")
NAMES = frozenset({"buyer_nickname", "host_name"})
MOMENTS = (
    "placed_at", "paid_at", "shipped_at", "received_at", "completed_at", "closed_at", "ship_by_at", "source_updated_at",
)  # fmt: skip
AMOUNTS = ("paid_fen", "freight_fen", "goods_fen", "shop_discount_fen", "subsidy_fen", "refunded_fen")
PERSON = ("name", "phone", "address", "virtual_phone", "virtual_until", "province", "city", "region_code")
LINE_TEXTS = ("title", "sku_code", "spec", "picture_url")
LINE_IDS = ("external_id", "item_id", "product_id")
LINE_AMOUNTS = ("goods_fen", "unit_fen", "net_fen", "refunded_fen")
# A line's amount that stands in a merged cell above, as the sum of several lines.
SAID_ABOVE = -1
# Membership of an enum is slow, and this is asked for every row.
STATES = frozenset(map(str, OrderState))
CATEGORIES = frozenset(map(str, CategoryClass))


class OrderProfile(ColumnsOfLayout):
    """One layout. `kind` tells the importer what its rows become; other rooms register profiles of other kinds."""

    kind = "orders"

    def __init__(self, body: Mapping[str, Any], *, origin: str, is_shipped: bool = False) -> None:
        """`is_shipped`: a layout of ours, which knows several versions of an export. Of any other every column it
        names must be there: a misspelt one would read as zero."""
        self.body = body
        self.is_shipped = is_shipped
        try:
            self.name: str = body["name"]
            self.titles: Mapping[str, str] = body["title"]
            self.signature = frozenset(body["signature"])
            self.platform: str = body.get("platform", "")
            self.unit: str = body.get("money", "yuan")
            self.is_by_line: bool = body.get("grain", "order") == "line"
            self.root: str = body.get("root", "")
            self.dates: str = body.get("dates", "")
            self._compile()
        except (KeyError, TypeError, ValueError) as error:
            raise ImproperlyConfigured(f"{origin}: {error!r}") from error
        self._check(origin)

    @classmethod
    def load(cls, path: Path, *, is_shipped: bool = False) -> "OrderProfile":
        try:
            return cls(tomllib.loads(path.read_text(encoding="utf-8")), origin=path.name, is_shipped=is_shipped)
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ImproperlyConfigured(f"{path.name}: {error}") from error

    def _compile(self) -> None:
        order, line = self.body["order"], self.body.get("line", {})
        self._number = mapping.id_reader(order["number"])
        self._number_name = mapping.reader(order["number"])[0]
        self._placed_name = mapping.reader(order["placed_at"])[0]
        self._buyer_id = mapping.name_reader(order.get("buyer_id"))
        self._texts = {
            name: (mapping.name_reader if name in NAMES else mapping.text_reader)(order[name])
            for name in TEXTS
            if name in order
        }
        self._moments = {name: mapping.moment_reader(order[name], self.dates) for name in MOMENTS if name in order}
        # The source's own names, for what is said of a value.
        self._said = {name: _column(order[name]) for name in (*AMOUNTS, *MOMENTS) if name in order}
        self._amounts = {name: mapping.money_reader(order[name], self.unit) for name in AMOUNTS if name in order}
        self._flag = mapping.whole_reader(order.get("flag"))
        self._benefits = mapping.text_reader(order.get("benefits"))
        self._state_spec = order.get("state")
        self._state = mapping.text_reader(self._state_spec)
        self._state_name = mapping.reader(self._state_spec)[0] if self._state_spec else ""
        person = self.body.get("recipient", {})
        self._person = {
            name: (mapping.name_reader if name == "name" else mapping.text_reader)(spec)
            for name, spec in person.items()
            if name != "virtual_until"
        }
        self._virtual_until = mapping.moment_reader(person.get("virtual_until"), self.dates)
        self._phone_names = {name: _column(person[name]) for name in ("phone", "virtual_phone") if name in person}
        self._line_source: str = line.get("rows", "rows" if self.is_by_line else "")
        self._line_texts = {name: mapping.text_reader(line[name]) for name in LINE_TEXTS if name in line}
        self._line_ids = {name: mapping.id_reader(line[name]) for name in LINE_IDS if name in line}
        self._line_amounts = {
            name: mapping.money_reader(line[name], self.unit) for name in LINE_AMOUNTS if name in line
        }
        self._line_said = {name: _column(line[name]) for name in LINE_AMOUNTS if name in line}
        self._quantity = mapping.whole_reader(line.get("quantity"))
        self._quantity_name = _column(line.get("quantity", ""))
        self._category = mapping.text_reader(line.get("category_class"))
        pay = self.body.get("payment", {})
        self._pay_source: str = pay.get("rows", "")
        self._pay_channel = mapping.text_reader(
            pay.get("channel", {"const": self.body.get("channel", self.platform or "other")})
        )
        self._pay_number = mapping.text_reader(pay.get("number"))
        self._pay_amount = mapping.money_reader(pay.get("amount"), self.unit)
        self._package: Mapping[str, Any] = self.body.get("package", {})
        self._package_sent = mapping.moment_reader(self._package.get("shipped_at"), self.dates)
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

    # --- reading ------------------------------------------------------------------------------------------------------

    def records(self, main: Table, joined: Mapping[str, Table]) -> Iterator[Record]:
        """One record an order; a row that names no order stands alone and is refused later. Where a row is a line, the
        rows of one order are gathered from its whole table, and it comes when its last row is read."""
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
        for part in parts_of(main):
            for found, orphans in self._orders_of(part):
                first = found[0][1]
                record = Record(
                    tuple(dict.fromkeys(number for number, _row in found)),
                    first,
                    [row for _number, row in found],
                    lookups=lookups,
                    orphans=orphans,
                )
                record.joined = {
                    alias: rows_of.get(text(first.get(self._order_keys[alias])), [])
                    for alias, rows_of in by_alias.items()
                }
                yield record

    def _orders_of(self, part: Table) -> Iterator[tuple[list[tuple[int, Row]], tuple[int, ...]]]:
        """The rows of each order of one table: an order that another file names again is another version of it."""

        def rows() -> Iterator[tuple[int, Row]]:
            for number, row in part.rows():
                for each in self._descend(row):
                    yield number, each

        if not self.is_by_line:
            yield from (([found], ()) for found in rows())
            return
        # What is short is read once; the rest again, so that memory never holds it.
        read = partial(iter, list(rows())) if part.total <= FEW_ROWS else rows
        goods = [_column(spec) for name, spec in self.body.get("line", {}).items() if name in (*LINE_TEXTS, *LINE_IDS)]
        yield from groups(
            read,
            lambda row: text(find(row, self._number_name)),
            lambda row: any(text(find(row, name)) for name in goods if name),
        )

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
        for number_of_row, each in zip(record.row_nos, record.rows, strict=False):
            if BROKEN in each:
                raise BadValue(_("row %(row)s") % {"row": number_of_row}, why_broken(each))
        if record.orphans:
            raise BadValue(
                self._number_name,
                _("row %(rows)s below names no order; if it is of this one, write the number there too")
                % {"rows": ", ".join(map(str, record.orphans[:5]))},
            )
        number = mapping.required(self._number(record, row), self._number_name)
        if len(number) > 64:
            raise BadValue(self._number_name, _("an order number has at most 64 characters"))
        if not self.is_by_line and isinstance(find(row, self._number_name), Merged):
            raise BadValue(self._number_name, _("this cell is merged over several rows, and each row is an order"))
        moments = {name: read(record, row) for name, read in self._moments.items()}
        mapping.required(moments.get("placed_at"), self._placed_name)
        order = NormalOrder(number=number, state="", row_nos=record.row_nos, **moments)
        for name, read_text in self._texts.items():
            setattr(order, name, read_text(record, row))
        for name, read_amount in self._amounts.items():
            amount = read_amount(record, row)
            if amount is not None:
                if amount < 0:
                    raise BadValue(self._said[name], _("an amount below zero"))
                setattr(order, name, amount)
        self._check_paid(order)
        order.flag = self._flag(record, row)
        if order.flag is not None and not 0 <= order.flag <= 5:
            order.flag = None
        order.benefits = words_in(self._benefits(record, row))
        order.buyer_id = self._buyer_id(record, row)
        if self._person:
            said = {name: read(record, row) for name, read in self._person.items()}
            for name, column in self._phone_names.items():
                said[name], remark = phones.read(said[name], column)
                order.remarks += (remark,) if remark else ()
            order.recipient = Person(**phones.apart(said), virtual_until=self._virtual_until(record, row))
        order.lines = self._lines(record)
        order.packages = self._packages(record, order)
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
        lost = rounded(text(find(record.row, self._number_name)) for record in records)
        for record in records:
            try:
                if (number := text(find(record.row, self._number_name))) in lost:
                    raise BadValue(
                        self._number_name, _("the spreadsheet has rounded this number; export it as text"), number
                    )
                orders.append(self.normal(record))
            except BadValue as bad:
                outcomes += self._refused(record, str(bad))
            except Exception:
                # What no reader foresaw costs its own order, not the file.
                log.exception("layout %s: row %s could not be read", self.name, record.row_nos[:1])
                outcomes += self._refused(record, _("this row cannot be read; whoever runs the servers finds why"))
        return outcomes + services.upsert_what_can_be(shop, orders, by=by)

    def _refused(self, record: Record, why: str) -> list[RowOutcome]:
        number = text(find(record.row, self._number_name))[:64]
        return [RowOutcome(row_no, number, "refused", why) for row_no in record.row_nos]

    def _check_paid(self, order: NormalOrder) -> None:
        """An order that was paid for names what was paid, where its layout has a column for it."""
        spec = self.body["order"].get("paid_fen")
        is_own = spec is not None and not (
            isinstance(spec, dict) and not str(spec.get("sum", "rows.")).startswith("rows.")
        )
        if is_own and order.paid_at is not None and order.paid_fen is None:
            raise BadValue(self._said["paid_fen"], _("this is empty, and the order was paid"))

    def _state_of(self, record: Record, order: NormalOrder) -> str:
        if self._state_spec is None:
            return what_it_proves(order)
        found = self._state(record, record.row)
        if found in STATES:
            return found
        said = text(find(record.row, self._state_name))
        raise BadValue(self._state_name, _("“%(value)s” is a status this layout does not know") % {"value": said[:40]})

    def _lines(self, record: Record) -> list[NormalLine]:
        lines = [self._line(record, row) for row in self._line_rows(record)] or [NormalLine()]
        if any(line.net_fen == SAID_ABOVE for line in lines):
            # One merged cell names the sum of several lines: they share it.
            for line in lines:
                line.net_fen = None
        return lines

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
                raise BadValue(self._quantity_name, _("a quantity below zero"))
            line.quantity = quantity
        amounts = {name: self._line_amount(name, record, row) for name in self._line_amounts}
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

    def _line_amount(self, name: str, record: Record, row: Row) -> int | None:
        try:
            amount: int | None = self._line_amounts[name](record, row)
        except BadValue as bad:
            if name == "net_fen" and mapping.is_said_above(record, bad.value):
                return SAID_ABOVE
            raise
        if amount is not None and amount < 0:
            raise BadValue(self._line_said[name], _("an amount below zero"))
        return amount

    def _packages(self, record: Record, order: NormalOrder) -> list[NormalPackage]:
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
            numbers, strange = waybills.numbers_in(identifier(find(row, spec["waybill"]), spec["waybill"]))
            if strange:
                remark = _("%(column)s: “%(value)s” is no waybill number and was left out") % {
                    "column": spec["waybill"],
                    "value": " ".join(strange)[:40],
                }
                order.remarks += (remark,) if remark not in order.remarks else ()
            for waybill in numbers:
                word, name = (text(find(row, spec.get(column, ""))) for column in ("courier", "courier_name"))
                shipped_at = self._package_sent(record, row)
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
            return [NormalPayment(self._pay_channel(record, record.row), number, order.paid_fen, order.paid_at)]
        payments = []
        for position, row in enumerate(record.joined.get(self._pay_source, []), start=1):
            number = self._pay_number(record, row) or str(position)
            payments.append(
                NormalPayment(
                    self._pay_channel(record, row), f"{order.number}-{number}", self._pay_amount(record, row) or 0
                )
            )
        return payments


def _column(spec: Any) -> str:
    """The first column a spec reads, for messages."""
    if not spec:
        return ""
    name = mapping.reader(spec)[0]
    return name.removeprefix("rows.")
