"""What every layout of after-sales rows shares: finding the file, making a missing order, one outcome a row."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aftersales.cases.models import Case
from aftersales.channels.snapshot import PlatformCase
from aftersales.platforms.following import follow_platform_case
from logistics.parcels.models import Package
from logistics.shipping import services as parcels
from merchant.people.models import Actor
from merchant.refusals import Refused
from orders.intake.mapping import Record
from orders.intake.normal import NormalOrder, NormalPackage, RowOutcome
from orders.intake.picking import groups, main_of, parts_of
from orders.intake.readers import BROKEN, Row, Table, why_broken
from orders.intake.services import upsert_orders
from orders.intake.values import BadValue, rounded, text
from orders.record.models import Order, OrderLine

log = logging.getLogger(__name__)


class CaseProfile:
    """A layout whose rows are after-sales. A subclass says how a row reads; storing is the same for all."""

    kind = "cases"
    name: str = ""
    titles: Mapping[str, str] = {}
    signature: frozenset[str] = frozenset()
    known_columns: frozenset[str] = frozenset()
    # The column that names the order: rows of one order are made into one order together.
    order_column: str = ""
    number_column: str = ""

    # --- how a row reads ----------------------------------------------------------------------------------------------

    def snapshot(self, row: Row, *, is_shipped: bool | None) -> PlatformCase:
        """The row as a case. `is_shipped` is our order's word, None while we do not know the order. Raises BadValue."""
        raise NotImplementedError

    def order(self, rows: Sequence[Row]) -> NormalOrder:
        """The order as far as its after-sales rows tell it. Raises BadValue."""
        raise NotImplementedError

    def packages(self, row: Row) -> list[NormalPackage]:
        """The parcels the row names. Raises BadValue."""
        raise NotImplementedError

    # --- the importer's side ------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        language = (get_language() or "zh").split("-")[0]
        return self.titles.get(language) or self.titles["en"]

    def score(self, header: Sequence[str]) -> int:
        names = set(header)
        return len(names & (self.known_columns | self.signature)) if self.signature <= names else 0

    def pick(self, tables: Sequence[Table]) -> tuple[Table, dict[str, Table]]:
        return main_of(tables, self.score, title=self.title, signature=self.signature), {}

    def unknown_columns(self, table: Table) -> list[str]:
        known = self.known_columns | self.signature
        return [name for name in table.header if name and name not in known]

    def records(self, main: Table, joined: Mapping[str, Table]) -> Iterator[Record]:
        """One record a row; its `rows` are all rows of the same order, wherever they stand in their table."""
        for part in parts_of(main):
            for rows, _orphans in groups(part.rows, lambda row: text(row.get(self.order_column)), lambda row: False):
                siblings = [row for _number, row in rows]
                for number, row in rows:
                    yield Record((number,), row, siblings)

    def store(self, shop: Any, records: Iterable[Record], *, by: Actor) -> list[RowOutcome]:
        outcomes: list[RowOutcome] = []
        held = list(records)
        lost = rounded(text(record.row.get(self.order_column)) for record in held)
        for record in held:
            if text(record.row.get(self.order_column)) in lost:
                why = _("%(column)s: the spreadsheet has rounded this number; export it as text")
                outcome, reason = "refused", why % {"column": self.order_column}
            else:
                outcome, reason = self._store_one(shop, record, by=by)
            subject = text(record.row.get(self.number_column))[:64]
            outcomes += [RowOutcome(row_no, subject, outcome, reason) for row_no in record.row_nos]
        return outcomes

    def _store_one(self, shop: Any, record: Record, *, by: Actor) -> tuple[str, str]:
        if BROKEN in record.row:
            return "refused", str(why_broken(record.row))
        try:
            with transaction.atomic():
                return self._take(shop, record, by=by), ""
        except (BadValue, Refused) as error:
            return "refused", str(error)
        except (IntegrityError, DataError) as error:
            # The database's own sentence is for the log: it names constraints, and may name values.
            log.warning("layout %s: the database refused a row: %s", self.name, str(error).splitlines()[0][:200])
            return "refused", _("its values contradict each other, or what is stored already; nothing of it was taken")
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
            log.exception("layout %s: row %s could not be read", self.name, record.row_nos[:1])
            return "refused", _("this row cannot be read; whoever runs the servers finds why")

    def _take(self, shop: Any, record: Record, *, by: Actor) -> str:
        first = self.snapshot(record.row, is_shipped=None)
        known = Case.objects.filter(shop=shop, number=first.number).first()
        before = None if known is None else (known.version, known.external_version, known.external_status)
        order = self._order_of(shop, first, record, by=by)
        self._add_packages(order, record.row, by=by)
        snapshot = self.snapshot(record.row, is_shipped=order.is_sent)
        # Some platforms name the sub-order where we know the order it belongs to.
        case = follow_platform_case(shop, replace(snapshot, order_number=order.number))
        if before is None:
            return "created"
        return "unchanged" if before == (case.version, case.external_version, case.external_status) else "updated"

    def _order_of(self, shop: Any, snapshot: PlatformCase, record: Record, *, by: Actor) -> Order:
        """Our order: by its number, by a line's sub-order number, or made from what the rows tell."""
        order = Order.objects.filter(shop=shop, number=snapshot.order_number).first()
        if order is None:
            line = (
                OrderLine.objects.filter(shop=shop, external_id__in=snapshot.line_ids).select_related("order").first()
            )
            order = line.order if line is not None and snapshot.line_ids else None
        if order is not None:
            return order
        outcome = upsert_orders(shop, [self.order(record.rows)], by=by)[0]
        if outcome.outcome == "refused":
            raise Refused("ORDER", outcome.reason, order=snapshot.order_number)
        return Order.objects.get(shop=shop, number=snapshot.order_number)

    def _add_packages(self, order: Order, row: Row, *, by: Actor) -> None:
        """Parcels a known order did not have yet; those the order came with are here already."""
        for package in self.packages(row):
            is_here = Package.objects.of_order(order.pk).filter(courier=package.courier, waybill=package.waybill)
            if package.courier and package.waybill and not is_here.exists():
                parcels.register_package(
                    order, courier=package.courier, waybill=package.waybill, shipped_at=package.shipped_at, by=by
                )
