"""Everything an order card shows, for many orders in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Model, prefetch_related_objects
from django.utils.translation import pgettext

from aftersales.benefits.catalogue import BenefitTag, Facts, facts_of
from aftersales.benefits.rules import evaluate, plain_words
from aftersales.cases.enums import OPEN_STATES, OpenedBy
from aftersales.cases.models import Case
from aftersales.refunds import arrivals, reasons
from aftersales.refunds.models import Refund
from cs_workbench.jinja import label
from logistics.interception.models import Interception
from logistics.parcels.enums import Direction
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from merchant.clock import now, scaled
from merchant.personal_data import mask_text
from merchant.policy import services as policy
from merchant.policy.models import Policy
from orders.payments.models import Payment
from orders.record.listing_models import Listing
from orders.record.models import Block, Order, OrderLine, OrderTag
from orders.remarks.models import Note

# T-PII-STOP: so long after an order succeeded its personal data can no longer be opened.
PII_STOP = timedelta(days=14)
TRACK_ROWS = 40


@dataclass
class Parcel:
    """One parcel of an order with what it carries and how it was tried to be stopped."""

    package: Package
    pieces: int = 0
    events: list[TrackingEvent] = field(default_factory=list)
    interception: Interception | None = None
    place: int = 1
    of: int = 1


@dataclass
class Card:
    """One order as a person handles it."""

    order: Order
    lines: list[OrderLine] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    rules: Policy = field(default_factory=Policy)
    credit: int | None = None
    is_current: bool = False
    # Set where the page is live: changes when the card would look different (cs_workbench.desk.stamps).
    stamp: str = ""

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def money_back(self) -> list[tuple[Refund, str]]:
        """Each refund with why it has not arrived, else when it is expected once it has left."""
        return [(refund, self._said_of(refund)) for refund in self.refunds]

    def _said_of(self, refund: Refund) -> str:
        if reason := reasons.explain(refund):
            return str(reason.title)
        refund.order = self.order
        expected = arrivals.estimate(refund, self.rules) if refund.sent_at is not None else None
        return f"{pgettext('arrival', 'Expected')}: {expected.text}" if expected else ""

    @property
    def is_reveal_free(self) -> bool:
        """An open after-sale of the buyer's or the platform's makes a look free (docs/rules.md, PII)."""
        return any(
            case.state in OPEN_STATES and case.opened_by in (OpenedBy.BUYER, OpenedBy.PLATFORM) for case in self.cases
        )

    @property
    def is_closed_14d(self) -> bool:
        done = self.order.completed_at
        return done is not None and done + scaled(PII_STOP) <= now()

    @property
    def is_late_to_ship(self) -> bool:
        return self.order.is_late_to_ship(now())

    @cached_property
    def _facts(self) -> Facts:
        packages = [parcel.package for parcel in self.parcels]
        return facts_of(self.order, self.lines, self.cases, packages, self.credit)

    @cached_property
    def benefits(self) -> list[BenefitTag]:
        """The promises to the buyer as they stand now (BEN-…)."""
        return evaluate(self._facts, self.rules, now())

    @property
    def other_promises(self) -> list[str]:
        return plain_words(self._facts)

    @property
    def ship_wait(self) -> timedelta | None:
        """How long after paying it was sent."""
        if self.order.shipped_at is None or self.order.paid_at is None:
            return None
        return self.order.shipped_at - self.order.paid_at

    @property
    def remark(self) -> Note | None:
        """What stands on the card without a click: the newest remark with words, else the newest flag."""
        return next((note for note in self.notes if note.text), self.notes[0] if self.notes else None)

    @property
    def older_notes(self) -> list[Note]:
        return [note for note in self.notes if note is not self.remark]

    @property
    def words(self) -> str:
        """Everything people wrote about the order, in plain: for the reveal door only."""
        return "\n".join(filter(None, (self.order.buyer_note, *(note.text for note in self.notes))))

    @property
    def hides_words(self) -> bool:
        """Whether something of it is shown masked."""
        words = self.words
        return mask_text(words) != words

    @property
    def channels(self) -> str:
        """How it was paid, each way once."""
        return " ".join(dict.fromkeys(str(label(payment, "channel")) for payment in self.payments))


def _by_order(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.order_id].append(row)
    return found


def parcels_of(order_ids: list[int], *, tracks_of: Iterable[int] = ()) -> dict[int, list[Parcel]]:
    """Outbound parcels by order, in the order they left; the scans only for the orders in `tracks_of`."""
    carries: dict[tuple[int, int], int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT order_id, package_id, quantity FROM logistics_packageline WHERE order_id = ANY(%s)", [order_ids]
        )
        for order_id, package_id, quantity in cursor.fetchall():
            carries[order_id, package_id] += quantity
    inside = sorted({pk for _order, pk in carries})
    of_orders = "(order_id = ANY(%s) OR id = ANY(%s)) AND direction <> %s"
    found_packages = _whole(Package, of_orders, [order_ids, inside, str(Direction.INBOUND)])
    packages = {package.pk: package for package in found_packages}
    for package in packages.values():
        carries.setdefault((package.order_id, package.pk), 0)
    wanted = set(tracks_of)
    read = sorted({pk for order_id, pk in carries if order_id in wanted and pk in packages})
    events: dict[int, list[TrackingEvent]] = defaultdict(list)
    if read:
        for event in _newest_scans(read, TRACK_ROWS * len(read)):
            events[event.package_id].append(event)
    tries: dict[int, Interception] = {}
    if packages:
        of_parcels = "package_id = ANY(%s) ORDER BY id"
        tries = {row.package_id: row for row in _whole(Interception, of_parcels, [list(packages)])}
    found: dict[int, list[Parcel]] = defaultdict(list)
    for (order_id, pk), pieces in sorted(carries.items(), key=lambda entry: entry[0][1]):
        if pk in packages and order_id in order_ids:
            found[order_id].append(Parcel(packages[pk], pieces, events[pk][:TRACK_ROWS], tries.get(pk)))
    for rows in found.values():
        for place, parcel in enumerate(rows, start=1):
            parcel.place, parcel.of = place, len(rows)
    return found


def _whole(model: type[Model], condition: str, values: list[Any]) -> Any:
    """Whole rows of a table. Written out: the statement takes longer to build than to run. `condition` is ours."""
    sql = f"SELECT * FROM {model._meta.db_table} WHERE {condition}"  # noqa: S608
    return model._default_manager.raw(sql, values)


def _newest_scans(package_ids: list[int], size: int) -> Iterable[TrackingEvent]:
    """Their scans, the newest first. A key of two columns cannot be read by raw()."""
    names = [field.attname for field in TrackingEvent._meta.concrete_fields if field.column]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(names)} FROM logistics_trackingevent WHERE package_id = ANY(%s)"  # noqa: S608
            " ORDER BY event_at DESC, event_key DESC LIMIT %s",
            [package_ids, size],
        )
        rows = cursor.fetchall()
    for row in rows:
        event = TrackingEvent(**dict(zip(names, row, strict=True)))
        event._state.adding = False
        yield event


def _lines_of(order_ids: list[int]) -> Iterable[OrderLine]:
    """The lines with what a page says of their listings."""
    sql = """
        SELECT l.*, t.title AS listing_title, t.spec AS listing_spec, t.picture_id AS listing_picture
        FROM orders_orderline l JOIN orders_listing t ON t.id = l.listing_id
        WHERE l.order_id = ANY(%s) ORDER BY l.line_no
    """
    line: Any
    for line in OrderLine.objects.raw(sql, [order_ids]):
        shown = [line.listing_id, line.shop_id, line.listing_title, line.listing_spec, line.listing_picture]
        line.listing = Listing.from_db("default", ["id", "shop_id", "title", "spec", "picture_id"], shown)
        yield line


def cards(orders: list[Order], *, current: int | None = None) -> list[Card]:
    """The cards of these orders, in their order; fourteen statements, however many orders of however many shops."""
    ids = [order.pk for order in orders]

    def of(model: type[Model], by: str = "id", only: str = "true") -> dict[int, list[Any]]:
        return _by_order(_whole(model, f"order_id = ANY(%s) AND {only} ORDER BY {by}", [ids]))

    prefetch_related_objects(orders, "buyer")  # what the caller has joined costs nothing
    lines = _by_order(_lines_of(ids))
    payments, tags, refunds = of(Payment), of(OrderTag), of(Refund)
    notes, cases = of(Note, "id DESC"), of(Case, "applied_at DESC, id DESC")
    blocks = of(Block, only="closed_at IS NULL")
    rules = policy.current_of(order.shop_id for order in orders)
    parcels = parcels_of(ids, tracks_of=[current] if current else ids[:1])
    for order in orders:
        order.known_payments = payments[order.pk]
    return [
        Card(
            order=order,
            lines=lines[order.pk],
            payments=payments[order.pk],
            parcels=parcels[order.pk],
            notes=notes[order.pk],
            tags=[tag.tag for tag in tags[order.pk]],
            blocks=blocks[order.pk],
            cases=cases[order.pk],
            refunds=refunds[order.pk],
            rules=rules[order.shop_id],
            credit=order.buyer.credit_score if order.buyer else None,
            is_current=order.pk == current,
        )
        for order in orders
    ]
