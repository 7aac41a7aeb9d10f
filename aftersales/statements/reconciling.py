"""The channel's statement against our refunds and the ledger: what differs becomes a row somebody settles."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Q

from aftersales.refunds.enums import SENT_STATES, RefundState
from aftersales.refunds.models import Refund
from aftersales.statements.enums import DifferenceKind as Kind
from aftersales.statements.enums import DifferenceState, FileState, RowKind
from aftersales.statements.models import Difference, StatementFile, StatementRow
from merchant.clock import SHANGHAI, now
from merchant.ledger.models import LedgerEntry
from merchant.shops.models import Shop
from merchant.trail import activity
from merchant.wakeups import wake

DAY = timedelta(days=1)
CHUNK = 1000


@dataclass(frozen=True)
class Found:
    """One disagreement, before it is a row."""

    kind: Kind
    document: str
    book_date: date
    theirs_fen: int
    ours_fen: int
    row_id: int | None = None
    refund_id: int | None = None


@transaction.atomic
def reconcile(shop: Any, channel: str, from_date: date, to_date: date) -> list[Difference]:
    """Hold these whole days (Shanghai) against our books. Returns the open differences of the days.

    Rows find their refund by the channel's number or ours. A refund of ours is missing only where the channel's day
    and the day before are both covered: we settle when we hear of it, which may be after midnight.
    """
    rows = list(
        StatementRow.objects.select_for_update().filter(
            shop=shop, channel=channel, book_date__range=(from_date, to_date), kind=RowKind.REFUND
        )
    )
    _match(shop, channel, rows)
    found = {(one.kind, one.document): one for one in _differences(shop, channel, rows, from_date, to_date)}
    return _write(shop, channel, found, from_date, to_date)


def _match(shop: Any, channel: str, rows: list[StatementRow]) -> None:
    numbers = {number for row in rows for number in (row.channel_number, row.our_number) if number}
    by_number: dict[str, int] = {}
    for some in _chunks(sorted(numbers)):
        held = Refund.objects.filter(Q(channel_number__in=some) | Q(number__in=some), shop=shop, channel=channel)
        for pk, number, channel_number in held.values_list("pk", "number", "channel_number"):
            by_number[number] = pk
            if channel_number:
                by_number[channel_number] = pk
    changed = []
    for row in rows:
        pk = by_number.get(row.channel_number) or by_number.get(row.our_number)
        if pk is not None and row.refund_id != pk:
            row.refund_id = pk
            changed.append(row)
    StatementRow.objects.bulk_update(changed, ["refund"], batch_size=CHUNK)


def _differences(shop: Any, channel: str, rows: list[StatementRow], from_date: date, to_date: date) -> Iterator[Found]:
    refunds: dict[int, Refund] = {}
    for some in _chunks(sorted({row.refund_id for row in rows if row.refund_id})):
        refunds |= Refund.objects.in_bulk(some)
    booked = _booked(shop, refunds.values())
    first_of = _first_of(shop, channel, rows)

    def _of(row: StatementRow, kind: Kind, ours_fen: int) -> Found:
        # Rows that share a number are disagreements of their own.
        is_first = first_of[row.flow_number] == row.pk
        document = row.flow_number if is_first else f"{row.flow_number[:44]}·{row.pk}"
        return Found(kind, document, row.book_date, row.amount_fen, ours_fen, row.pk, row.refund_id)

    paid: dict[int, list[StatementRow]] = defaultdict(list)
    for row in rows:
        if row.refund_id is None:
            yield _of(row, Kind.UNKNOWN, 0)
        else:
            paid[row.refund_id].append(row)
    for pk, its in paid.items():
        refund = refunds[pk]
        first, *again = sorted(its, key=lambda row: (row.booked_at, row.pk))
        for row in again:
            yield _of(row, Kind.TWICE, 0)
        if refund.state != RefundState.SUCCESS:
            yield _of(first, Kind.NOT_SETTLED, 0)
            if refund.state in SENT_STATES:
                wake("aftersales.poll_refund", refund_id=pk)
        elif refund.amount_fen != first.amount_fen:
            yield _of(first, Kind.AMOUNT, refund.amount_fen)
        elif refund.number not in booked:
            yield _of(first, Kind.UNBOOKED, refund.amount_fen)
    yield from _missing(shop, channel, from_date, to_date)


def _first_of(shop: Any, channel: str, rows: list[StatementRow]) -> dict[str, int]:
    """The first row ever read of each flow number: it is called by the number alone."""
    found: dict[str, int] = {}
    for some in _chunks(sorted({row.flow_number for row in rows})):
        held = StatementRow.objects.filter(shop=shop, channel=channel, kind=RowKind.REFUND, flow_number__in=some)
        found |= dict(held.order_by().values_list("flow_number").annotate(Min("pk")))
    return found


def _missing(shop: Any, channel: str, from_date: date, to_date: date) -> Iterator[Found]:
    covered = covered_days(shop, channel, from_date - DAY, to_date)
    ours = Refund.objects.filter(
        shop=shop,
        channel=channel,
        state=RefundState.SUCCESS,
        settled_at__gte=_midnight(from_date),
        settled_at__lt=_midnight(to_date + DAY),
        statement_rows=None,
    )
    for refund in ours.order_by("pk").iterator():
        day = refund.settled_at.astimezone(SHANGHAI).date()
        if day in covered and day - DAY in covered:
            yield Found(Kind.MISSING, refund.number, day, 0, refund.amount_fen, refund_id=refund.pk)


def covered_days(shop: Any, channel: str, from_date: date, to_date: date) -> set[date]:
    """The days for which a whole statement has been read."""
    files = StatementFile.objects.filter(
        shop=shop, channel=channel, state=FileState.READ, from_date__lte=to_date, to_date__gte=from_date
    )
    found: set[date] = set()
    for start, end in files.values_list("from_date", "to_date"):
        assert start is not None and end is not None  # the filter leaves out a file without days
        day = max(start, from_date)
        while day <= min(end, to_date):
            found.add(day)
            day += DAY
    return found


def _booked(shop: Any, refunds: Iterable[Refund]) -> set[str]:
    """Which of these refunds the ledger has as paid."""
    found: set[str] = set()
    for some in _chunks(sorted(refund.number for refund in refunds)):
        entries = LedgerEntry.objects.filter(shop=shop, kind="refund.success", document__in=some)
        found |= set(entries.values_list("document", flat=True))
    return found


def _write(
    shop: Any, channel: str, found: dict[tuple[Kind, str], Found], from_date: date, to_date: date
) -> list[Difference]:
    known = Difference.objects.select_for_update().filter(
        shop=shop, channel=channel, book_date__range=(from_date, to_date)
    )
    held = {(row.kind, row.document): row for row in known.order_by("pk")}
    Difference.objects.bulk_create(
        [
            Difference(
                shop=shop,
                channel=channel,
                kind=one.kind,
                document=one.document,
                book_date=one.book_date,
                theirs_fen=one.theirs_fen,
                ours_fen=one.ours_fen,
                row_id=one.row_id,
                refund_id=one.refund_id,
            )
            for key, one in found.items()
            if key not in held
        ],
        # The same payment may have been found under another day.
        ignore_conflicts=True,
    )
    for key, row in held.items():
        if row.state == DifferenceState.OPEN and key not in found:
            row.state, row.settled_at = DifferenceState.GONE, now()
            row.save(update_fields=["state", "settled_at"])
            activity.record(row, "difference.resolve", by=None, to_state=row.state)
        elif row.state == DifferenceState.GONE and key in found:
            row.state, row.settled_at = DifferenceState.OPEN, None
            row.save(update_fields=["state", "settled_at"])
            activity.record(row, "difference.reopen", by=None, to_state=row.state)
    return list(known.open().order_by("book_date", "pk"))


def reconcile_open() -> int:
    """Look again at every day that still has an open difference: a refund may have settled since. Returns the days."""
    days = Difference.objects.open().order_by().values_list("shop_id", "channel", "book_date").distinct()
    held: dict[tuple[int, str], list[date]] = defaultdict(list)
    for shop_id, channel, day in days:
        held[shop_id, channel].append(day)
    shops = Shop.objects.in_bulk([shop_id for shop_id, _channel in held])
    for (shop_id, channel), its in held.items():
        for day in sorted(its):
            reconcile(shops[shop_id], channel, day, day)
    return sum(len(its) for its in held.values())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
