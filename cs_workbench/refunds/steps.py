"""The six steps of one refund, from the row and the times its trail tells: asked, approved, released, told, answered,
and there, or paid another way."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from aftersales.channels.enums import RefundOutcome
from aftersales.refunds.arrivals import Arrival
from aftersales.refunds.enums import FAILED_STATES, UNSENT_STATES, Source
from aftersales.refunds.enums import RefundState as S
from aftersales.refunds.models import Refund
from cs_workbench.interceptions.steps import Step
from merchant.clock import now

ENDED = (S.REJECTED, S.VOID)
NO_TIMES: Mapping[str, datetime] = {}


def steps(
    refund: Refund,
    times: Mapping[str, datetime] = NO_TIMES,
    *,
    answered_at: datetime | None = None,
    expected: Arrival | None = None,
    is_outside: bool = False,
    successor: str = "",
) -> list[Step]:
    """`times`: the trail's newest moment of each verb. `answered_at`: the channel's last answer. `is_outside`: a
    granted wish takes it another way. `successor`: the number that took over."""
    is_booked = refund.source == Source.PLATFORM and refund.state == S.SUCCESS and refund.sent_at is None
    return [
        Step(pgettext("refund step", "Asked"), "done", refund.created_at, _who(refund.created_by)),
        *(_booked() if is_booked else _before(refund, times, is_outside=is_outside)),
        _answer(refund, answered_at, is_outside=is_outside),
        _end(refund, times, expected, is_outside=is_outside, successor=successor),
    ]


def brief(found: list[Step]) -> tuple[int, Step]:
    """(place, step) to name where one line must do: under way, else where it ended, else the last one done."""
    for kind in ("now", "bad", "done"):
        for number, step in reversed(list(enumerate(found, 1))):
            if step.kind == kind:
                return number, step
    return 1, found[0]


def _who(person: object) -> str:
    return str(person) if person else _("the system")


def _booked() -> list[Step]:
    note = _("the platform paid by itself")
    return [
        Step(title, "skip", note=note)
        for title in (pgettext("refund step", "Approved"), _("Released"), _("Told to the channel"))
    ]


def _was_approved(refund: Refund, times: Mapping[str, datetime]) -> bool:
    if refund.state in ENDED:
        return "refund.approve" in times or refund.approved_by is not None or refund.sent_at is not None
    return refund.state != S.CREATED


def _before(refund: Refund, times: Mapping[str, datetime], *, is_outside: bool) -> list[Step]:
    """Approved, released, told: what people and rules did before the channel's word."""
    if not _was_approved(refund, times):
        return [_unapproved(refund, times), Step(_("Released"), _later(refund)), _told(refund, times)]
    if refund.approved_by is None:
        note = _("by rule")
    elif refund.created_by_id is not None and refund.approved_by_id != refund.created_by_id:
        note = _("%(name)s, the second person") % {"name": refund.approved_by}
    else:
        note = str(refund.approved_by)
    approved = Step(pgettext("refund step", "Approved"), "done", times.get("refund.approve"), note)
    return [approved, _released(refund, times, is_outside=is_outside), _told(refund, times, is_outside=is_outside)]


def _unapproved(refund: Refund, times: Mapping[str, datetime]) -> Step:
    if refund.state in ENDED:
        return _ended(refund, times)
    return Step(pgettext("refund step", "Second person"), "now", None, _("somebody else must approve it"), "clock")


def _ended(refund: Refund, times: Mapping[str, datetime]) -> Step:
    verb = "refund.reject" if refund.state == S.REJECTED else "refund.void"
    return Step(refund.get_state_display(), "bad", times.get(verb), refund.reason, "x")


def _later(refund: Refund) -> str:
    return "skip" if refund.state in ENDED else "todo"


def _released(refund: Refund, times: Mapping[str, datetime], *, is_outside: bool) -> Step:
    if refund.released_by is not None:
        return Step(_("Released"), "done", times.get("refund.release"), str(refund.released_by))
    if refund.sent_at is not None or (refund.state == S.APPROVED and refund.next_at is not None):
        return Step(_("Released"), "done", times.get("refund.approve"), _("by rule"))
    if refund.state in ENDED:
        return _ended(refund, times)
    if is_outside or refund.state != S.APPROVED:
        return Step(_("Released"), "skip", note=_("goes another way"))
    return Step(_("Waiting for release"), "now", None, _("finance releases it"), "clock")


def _told(refund: Refund, times: Mapping[str, datetime], *, is_outside: bool = False) -> Step:
    title = _("Told to the channel")
    if refund.sent_at is not None:
        calls = ngettext("%(n)d call so far", "%(n)d calls so far", refund.attempts) % {"n": refund.attempts}
        return Step(title, "done", refund.sent_at, calls)
    if refund.state == S.APPROVED and refund.next_at is not None:
        return Step(_("Goes to the channel"), "now", refund.next_at, _("by itself"), "clock")
    if refund.state in ENDED and refund.released_by is not None:
        return _ended(refund, times)
    return Step(title, "todo" if refund.state in UNSENT_STATES and not is_outside else "skip")


def _answer(refund: Refund, at: datetime | None, *, is_outside: bool) -> Step:
    title = _("Channel's answer")
    if refund.state == S.SUCCESS:
        return Step(_("Refunded"), "done", refund.settled_at, _("the channel says so"))
    if refund.sent_at is None:
        return Step(title, "todo" if refund.state in UNSENT_STATES and not is_outside else "skip")
    if refund.state == S.PROCESSING:
        return _waiting(refund, title, at)
    if refund.state == S.WAIT_FUNDS:
        return Step(refund.get_state_display(), "now", at, _("same number again once there is money"), "alert")
    if refund.state in ENDED:
        return Step(refund.get_state_display(), "bad", at, refund.reason, "x")
    failed = refund.get_state_display() if refund.state in FAILED_STATES else _("Not paid by the channel")
    return Step(failed, "bad", at, refund.error, "x")


def _waiting(refund: Refund, title: str, at: datetime | None) -> Step:
    if refund.outcome == RefundOutcome.UNKNOWN:
        return Step(_("Outcome unknown"), "now", at, _("it is asked for, never sent twice unasked"), "alert")
    if not refund.outcome:
        return Step(title, "now", None, _("not answered yet"), "clock")
    return Step(title, "now", at, refund.get_outcome_display(), "clock")


def _end(
    refund: Refund, times: Mapping[str, datetime], expected: Arrival | None, *, is_outside: bool, successor: str
) -> Step:
    """There, as far as anybody can know; or the way round a channel that cannot pay."""
    if refund.state == S.SUCCESS:
        if expected is not None and expected.by > now():
            return Step(_("On its way to the buyer"), "now", None, expected.text, "clock")
        return Step(_("Should have arrived"), "done", expected.by if expected else None, _("expected, not confirmed"))
    if refund.state == S.OFFLINE_DONE:
        people = f"{_who(refund.payout_by)}, {_who(refund.payout_approved_by)}"
        return Step(pgettext("refund step", "Paid another way"), "done", refund.settled_at, people)
    if successor:
        return Step(_("Paid under a new number"), "done", times.get("refund.replace"), successor)
    if refund.state in FAILED_STATES or (is_outside and refund.waits_for_finance):
        if refund.payout_by is not None:
            filed = _("%(name)s filed it, a second person confirms") % {"name": refund.payout_by}
            return Step(
                pgettext("refund step", "Paid another way"), "now", times.get("refund.file_payout"), filed, "clock"
            )
        return Step(_("To be paid another way"), "now", None, _("with proof, by two people"), "clock")
    return Step(_("With the buyer"), _later(refund), note=expected.text if expected else "")
