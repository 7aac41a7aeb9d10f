"""What people do about a difference: explain it, have it asked again, or write it off, which takes two."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.paying import sending
from aftersales.refunds.enums import SENT_STATES
from aftersales.refunds.models import Refund
from aftersales.statements import reconciling
from aftersales.statements.enums import WRITABLE, DifferenceState
from aftersales.statements.models import Difference
from merchant.clock import now
from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerAccount
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity


def check_can_explain(difference: Difference, user: Any) -> None:
    """Raise Refused RIGHT, DIFFERENCE (not open any more)."""
    check_right(user, difference.shop_id, Right.SETTLE_STATEMENT)
    _check_open(difference)


def check_can_ask(difference: Difference, user: Any) -> None:
    """Raise Refused RIGHT, DIFFERENCE, REFUND_STATE (no refund of ours is under way here)."""
    check_can_explain(difference, user)
    if difference.refund is None or difference.refund.state not in SENT_STATES:
        raise Refused("REFUND_STATE", _("No refund of ours is under way here, so there is nothing to ask."))


def check_can_file_write_off(difference: Difference, user: Any) -> None:
    """Raise Refused RIGHT, DIFFERENCE, WRITE_OFF (filed already, or nothing that a booking could settle)."""
    check_can_explain(difference, user)
    if difference.kind not in WRITABLE:
        raise Refused("WRITE_OFF", _("No money left that our books lack: explain it instead."))
    if difference.filed_by_id is not None:
        raise Refused("WRITE_OFF", _("A write-off is filed and waits for a second person."))


def check_can_confirm_write_off(difference: Difference, user: Any) -> None:
    """Raise Refused RIGHT, DIFFERENCE, WRITE_OFF (nothing filed), SECOND_PERSON."""
    check_can_explain(difference, user)
    if difference.filed_by_id is None:
        raise Refused("WRITE_OFF", _("Nobody has filed a write-off yet."))
    if user is not None and difference.filed_by_id == user.pk:
        raise Refused("SECOND_PERSON", _("Whoever filed it cannot confirm it: a second person must."))


@transaction.atomic
def explain_difference(difference: Difference, *, by: Actor, note: str) -> Difference:
    """The difference is none, or is settled elsewhere; the note says why. Books nothing. Raises Refused, NOTE."""
    row = lock(difference)
    check_can_explain(row, by)
    _check_note(note)
    return _settle(row, DifferenceState.EXPLAINED, "difference.explain", by=by, note=note)


@transaction.atomic
def file_write_off(difference: Difference, *, by: Actor, note: str) -> Difference:
    """核销, first person: books nothing until somebody else confirms. Raises Refused, NOTE."""
    row = lock(difference)
    check_can_file_write_off(row, by)
    _check_note(note)
    row.filed_by, row.note = by, note.strip()[:300]
    row.save(update_fields=["filed_by", "note"])
    activity.record(row, "difference.file_write_off", by=by, reason=row.note, amount_fen=row.gap_fen)
    return row


@transaction.atomic
def confirm_write_off(difference: Difference, *, by: Actor) -> Difference:
    """核销, second person: what left beyond our books is a loss, what stayed is taken back from it."""
    row = lock(difference)
    check_can_confirm_write_off(row, by)
    row = _settle(row, DifferenceState.WRITTEN_OFF, "difference.confirm_write_off", by=by, note=row.note)
    accounts = (LedgerAccount.LOSS, LedgerAccount.PLATFORM_RECEIVABLE)
    debit, credit = accounts if row.gap_fen > 0 else accounts[::-1]
    if row.gap_fen:
        ledger.post(
            row.shop,
            debit,
            credit,
            abs(row.gap_fen),
            kind="statement.write_off",
            document=f"{row.channel}:{row.kind}:{row.document}"[:64],
            order_number=row.refund.order.number if row.refund else "",
        )
    return row


def ask_difference(difference: Difference, *, by: Actor) -> Difference:
    """Ask the channel about our refund now, then look at the day again. Outside any transaction."""
    check_can_ask(difference, by)
    assert difference.refund is not None
    # The right to statements is enough here: asking moves no money, it only hears what has moved.
    Refund.objects.filter(pk=difference.refund.pk, state__in=SENT_STATES).update(next_at=now())
    sending.poll_refund(difference.refund.pk)
    reconciling.reconcile(difference.shop, difference.channel, difference.book_date, difference.book_date)
    difference.refresh_from_db()
    return difference


def _check_open(difference: Difference) -> None:
    if difference.state != DifferenceState.OPEN:
        raise Refused(
            "DIFFERENCE",
            _("This difference is settled: %(state)s.") % {"state": difference.get_state_display()},
            state=difference.state,
        )


def _check_note(note: str) -> None:
    if not note.strip():
        raise Refused("NOTE", _("Say what it was."))


def _settle(row: Difference, state: str, verb: str, *, by: Actor, note: str) -> Difference:
    before = row.state
    row.state, row.note, row.settled_by, row.settled_at = state, note.strip()[:300], by, now()
    row.save(update_fields=["state", "note", "settled_by", "settled_at"])
    activity.record(row, verb, by=by, from_state=before, to_state=row.state, reason=row.note, amount_fen=row.gap_fen)
    return row
