"""Taking statements in: from a person or from the channel. The raw file is kept first; reading it is a task's work."""

import hashlib
import logging
from collections import Counter
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from aftersales.statements import reconciling
from aftersales.statements.enums import FileState
from aftersales.statements.layouts import Layout, Line, lines_of, open_statement
from aftersales.statements.models import StatementFile, StatementRow
from merchant.clock import SHANGHAI
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake
from orders.intake.readers import Table

logger = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024 * 1024
KEPT_REFUSALS = 200
CHUNK = 2000
BATCH = 20
MAX_TRIES = 3
UNFORESEEN = _("Nobody foresaw a file like this; whoever runs the servers finds why in the log.")


def file_statement(
    shop: Any, name: str, body: bytes, *, by: Actor, from_date: date | None = None, to_date: date | None = None
) -> StatementFile:
    """Keep a statement and have it read. Without dates it covers the days its rows name.

    Raises Refused RIGHT, FILE (empty, too large, here already, or the days are the wrong way round)."""
    check_right(by, shop, Right.SETTLE_STATEMENT)
    if not body:
        raise Refused("FILE", _("The file is empty."))
    if len(body) > MAX_BYTES:
        raise Refused("FILE", _("The file is larger than %(most)d MB; split it.") % {"most": MAX_BYTES // 1024 // 1024})
    if from_date and to_date and from_date > to_date:
        raise Refused("FILE", _("The first day lies after the last."))
    # The days belong to it: two empty bills are two statements.
    digest = hashlib.sha256(body + f"{from_date}…{to_date}".encode()).hexdigest()
    try:
        with transaction.atomic():
            file = StatementFile.objects.create(
                shop=shop, name=name[-200:], digest=digest, body=body, by=by, from_date=from_date, to_date=to_date
            )
            activity.record(file, "statement.take", by=by, file=file.name)
            wake("aftersales.read_statement", file_id=file.pk)
    except IntegrityError as error:
        raise Refused("FILE", _("This very file is here already.")) from error
    return file


def read_statement(file_id: int) -> StatementFile | None:
    """Read a waiting file into rows and hold them against our refunds. Safe twice; None when there is nothing to do."""
    file = StatementFile.objects.filter(pk=file_id, state=FileState.WAITING).first()
    if file is None or file.body is None:
        return None
    if file.tries >= MAX_TRIES:
        return _fail(file, _("Reading it broke off %(times)d times.") % {"times": MAX_TRIES})
    # Counted before it is opened: a file that takes its worker along is not opened for ever.
    StatementFile.objects.filter(pk=file.pk).update(tries=F("tries") + 1)
    try:
        layout, table = open_statement(file.name, bytes(file.body))
    except Refused as refusal:
        return _fail(file, str(refusal.message))
    except Exception:
        # A file no reader foresaw stays visible; it is not swept for ever.
        logger.exception("statement %s could not be read", file_id)
        return _fail(file, UNFORESEEN)
    days = _write(file, layout, table)
    if days is not None:
        reconciling.reconcile(file.shop, layout.channel, *days)
    return file


@transaction.atomic
def _fail(file: StatementFile, why: Any) -> StatementFile:
    file.state, file.error = FileState.FAILED, str(why)[:300]
    file.save(update_fields=["state", "error"])
    activity.record(file, "statement.fail", by=None, reason=file.error)
    return file


@transaction.atomic
def _write(file: StatementFile, layout: Layout, table: Table) -> tuple[date, date] | None:
    """All rows of one file or none; a row that is here already, from another file of that day, is left as it is."""
    held = StatementFile.objects.select_for_update().get(pk=file.pk)
    if held.state != FileState.WAITING:
        return None
    known = StatementRow.objects.filter(shop_id=file.shop_id, channel=layout.channel)
    before = known.count()
    rows: list[StatementRow] = []
    refused: list[list[Any]] = []
    seen: set[date] = set()
    same: Counter[tuple[Any, ...]] = Counter()
    count = refused_count = 0
    for line in lines_of(layout, table):
        count += 1
        if not isinstance(line, Line):
            refused_count += 1
            if len(refused) < KEPT_REFUSALS:
                refused.append(list(line))
            continue
        mark = (line.flow_number, line.booked_at, line.kind, line.amount_fen, line.channel_number, line.our_number)
        rows.append(_row(file, layout, line, nth=same[mark]))
        same[mark] += 1
        seen.add(rows[-1].book_date)
        if len(rows) >= CHUNK:
            StatementRow.objects.bulk_create(rows, ignore_conflicts=True)
            rows = []
    StatementRow.objects.bulk_create(rows, ignore_conflicts=True)
    file.channel, file.layout, file.state = layout.channel, layout.name, FileState.READ
    file.row_count, file.refused_count, file.refused = count, refused_count, refused
    file.new_count = known.count() - before
    if layout.is_matched:
        file.from_date = file.from_date or min(seen, default=None)
        file.to_date = file.to_date or max(seen, default=None)
    else:
        # What names no refund covers no day: else every refund of ours would be missing in it.
        file.from_date = file.to_date = None
    file.save()
    activity.record(file, "statement.read", by=None, rows=count, new=file.new_count, refused=refused_count)
    return (file.from_date, file.to_date) if file.from_date and file.to_date else None


def _row(file: StatementFile, layout: Layout, line: Line, *, nth: int) -> StatementRow:
    return StatementRow(
        shop_id=file.shop_id,
        file=file,
        channel=layout.channel,
        row_no=line.row_no,
        flow_number=line.flow_number[:64],
        booked_at=line.booked_at,
        book_date=line.booked_at.astimezone(SHANGHAI).date(),
        kind=line.kind,
        amount_fen=line.amount_fen,
        channel_number=line.channel_number[:64],
        our_number=line.our_number[:64],
        nth=nth,
    )


@transaction.atomic
def read_statement_again(file: StatementFile, *, by: Actor) -> StatementFile:
    """Have a file read once more that could not be. Raises Refused RIGHT, FILE (read, or its bytes are gone)."""
    held = lock(file)
    check_right(by, held.shop_id, Right.SETTLE_STATEMENT)
    if held.state != FileState.FAILED or held.body is None:
        raise Refused("FILE", _("Only a file that could not be read, and is still kept, can be read again."))
    held.state, held.error, held.tries = FileState.WAITING, "", 0
    held.save(update_fields=["state", "error", "tries"])
    activity.record(held, "statement.read_again", by=by)
    wake("aftersales.read_statement", file_id=held.pk)
    return held


def sweep_files() -> int:
    """Files whose wake-up was lost."""
    waiting = StatementFile.objects.filter(state=FileState.WAITING).order_by("created_at")
    return sum(read_statement(pk) is not None for pk in list(waiting.values_list("pk", flat=True)[:BATCH]))
