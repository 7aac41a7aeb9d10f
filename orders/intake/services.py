"""Taking orders in: from rows in hand, for the pull, the push and the rooms above."""

import logging
from collections.abc import Sequence
from typing import Any

from django.db import DataError, Error, transaction
from django.utils.translation import gettext as _

from merchant.people.models import Actor
from merchant.refusals import Refused
from orders.intake.normal import NormalOrder, RowOutcome, outcomes_of
from orders.intake.upsert import upsert_chunk

log = logging.getLogger(__name__)

CHUNK = 2000


def upsert_orders(shop: Any, rows: Sequence[NormalOrder], by: Actor = None) -> list[RowOutcome]:
    """Create, update or leave these orders of `shop`; one outcome per row, in the order of the rows' numbers.

    May be called with one order or with many. The same orders twice change nothing. One order the database refuses is
    reported and does not stop the others.
    """
    for position, row in enumerate(rows, start=1):
        row.row_nos = row.row_nos or (position,)
    outcomes: list[RowOutcome] = []
    for start in range(0, len(rows), CHUNK):
        outcomes += upsert_what_can_be(shop, rows[start : start + CHUNK], by=by)
    return sorted(outcomes, key=lambda outcome: outcome.row_no)


def upsert_what_can_be(shop: Any, rows: Sequence[NormalOrder], *, by: Actor) -> list[RowOutcome]:
    """One chunk. When the database refuses it, halves are tried until the one bad order stands alone."""
    try:
        with transaction.atomic():
            return upsert_chunk(shop, rows, by=by)
    except Refused as refusal:
        if len(rows) == 1:
            return list(outcomes_of(rows[0], "refused", str(refusal)))
    except Error as error:
        if _is_not_about_rows(error):
            raise
        if len(rows) == 1:
            log.warning("shop %s: the database refused an order: %s", shop.pk, _first_line(error))
            return list(outcomes_of(rows[0], "refused", _said_of(error)))
    except (ValueError, TypeError, ArithmeticError, LookupError):
        if len(rows) == 1:
            log.exception("shop %s: an order could not be stored", shop.pk)
            return list(
                outcomes_of(
                    rows[0], "refused", _("this order cannot be stored; whoever runs the servers finds why in the log")
                )
            )
    middle = len(rows) // 2
    return upsert_what_can_be(shop, rows[:middle], by=by) + upsert_what_can_be(shop, rows[middle:], by=by)


def _said_of(error: Error) -> str:
    """What the merchant can do with it; the database's own sentence is for the log."""
    if isinstance(error, DataError):
        return _("one of its numbers or texts is larger than can be stored")
    return _("its values contradict each other, or what is stored already; nothing of it was taken")


def _is_not_about_rows(error: Error) -> bool:
    """A lost connection, a deadlock, a full disk: nothing a smaller chunk would cure, and no order's fault."""
    code = getattr(error.__cause__, "pgcode", None) or ""
    # 21: the same line or payment twice in one order.
    return not code.startswith(("21", "22", "23"))


def _first_line(error: Error) -> str:
    """The database's sentence without its DETAIL line, which repeats the row's values."""
    return str(error).strip().splitlines()[0][:200]
