"""The moves of an interception, one function a verb. Each takes a locked row inside a transaction; who may and whether
it is right was decided before. Lock, move, save, record, announce after commit."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from logistics.interception.enums import Evidence, Question, Reason
from logistics.interception.models import Interception
from logistics.interception.signals import interception_changed
from logistics.watch import services as watching
from logistics.watch.models import Priority
from merchant.clock import now
from merchant.ledger import services as ledger
from merchant.ledger.models import LedgerAccount
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.trail import activity

FEE_LEG, FREIGHT_LEG = 0, 1


class _Announcement:
    """Tells after the commit that an interception changed, once however many moves the transaction made."""

    def __init__(self, interception: Interception) -> None:
        self.interception, self.is_sent = interception, False

    def __call__(self) -> None:
        self.is_sent = True
        interception_changed.send_robust(sender=Interception, interception=self.interception)


def announce(interception: Interception) -> None:
    """Send `interception_changed` after the commit. A receiver that fails is logged and cannot undo what the courier
    told us."""
    here = set(connection.savepoint_ids)
    for waiting in connection.run_on_commit:
        savepoints, call = waiting[0], waiting[1]
        if not isinstance(call, _Announcement) or call.is_sent or call.interception.pk != interception.pk:
            continue
        # One made at a savepoint that this move is not under may yet be rolled back alone.
        if savepoints <= here:
            call.interception = interception
            return
    transaction.on_commit(_Announcement(interception), robust=True)


def _move(
    interception: Interception, verb: str, *, by: Actor, reason: str = "", then: str = "", **detail: Any
) -> Interception:
    """Run the transition `verb`, and `then` another that the same news calls for: one save, a line for each."""
    told = [_run(interception, verb, reason=reason, **detail)]
    if then:
        told.append(_run(interception, then))
    interception.save()
    for line in told:
        activity.record(interception, by=by, **line)
    announce(interception)
    return interception


def _run(interception: Interception, verb: str, *, reason: str = "", **detail: Any) -> dict[str, Any]:
    """The transition on the row in hand; returns its line for the trail."""
    before = str(interception.state)
    getattr(interception, verb)()
    interception.version += 1
    after = str(interception.state)
    return {
        "verb": f"interception.{verb}",
        "from_state": before,
        "to_state": after,
        "reason": str(reason),
        **detail,
    }


def _due(interception: Interception, timer: str, start: datetime) -> datetime:
    return start + policy.timer(policy.current(interception.shop_id), timer)


def accept(
    interception: Interception,
    *,
    by: Actor = None,
    external_ref: str = "",
    at: datetime | None = None,
    fee_fen: int | None = None,
) -> Interception:
    """`at` is when the courier took the request, if that was before now; `fee_fen` what it said that costs."""
    at = at or now()
    if fee_fen is not None:
        interception.quoted_fee_fen = fee_fen
    interception.external_ref = external_ref[:64]
    interception.accepted_at = at
    interception.next_attempt_at = None
    interception.due_at = _due(interception, "T-INT-RESULT", at)
    watching.watch(interception.package, priority=Priority.OPEN_INTERCEPTION)
    return _move(interception, "accept", by=by)


def succeed(
    interception: Interception, *, by: Actor = None, evidence: str, turns_back: bool = False
) -> Interception | None:
    """None when another interception of this waybill is live, so that this one cannot come back to life. `turns_back`:
    the track shows it on its way home already, so it is RETURNING at once."""
    at, was_live = now(), interception.is_live
    interception.evidence = evidence
    interception.settled_at = at
    interception.due_at = _due(interception, "T-RETURN-HOME", at)
    _estimate(interception, with_fee=True)
    then = "turn_back" if turns_back else ""
    moved = _revive(interception, "succeed", by=by, evidence=str(evidence), then=then)
    if moved is not None and not was_live:
        # Its parcel may have left the list when it failed.
        watching.watch(moved.package, priority=Priority.OPEN_INTERCEPTION)
    return moved


def fail(interception: Interception, *, by: Actor = None, reason: str, words: str = "") -> Interception:
    interception.reason = reason
    interception.courier_words = words[:300]
    interception.settled_at = now()
    interception.next_attempt_at = interception.due_at = None
    moved = _move(interception, "fail", by=by, reason=reason)
    _watch_less(moved)
    return moved


def mark_unknown(interception: Interception, *, question: str = Question.NO_RESULT) -> Interception:
    interception.question = question
    interception.due_at = _due(interception, "T-RETURN-HOME", interception.accepted_at or interception.submitted_at)
    return _move(
        interception,
        "mark_unknown",
        by=None,
        reason=question,
        question=str(question),
    )


def withdraw(interception: Interception, *, by: Actor = None, reason: str = "") -> Interception:
    interception.settled_at = now()
    interception.next_attempt_at = interception.due_at = None
    moved = _move(interception, "withdraw", by=by, reason=reason)
    _watch_less(moved)
    return moved


def turn_back(interception: Interception, *, by: Actor = None) -> Interception | None:
    """None when another interception of this waybill is live (that one moves instead)."""
    was_live = interception.is_live
    if interception.due_at is None:
        interception.due_at = _due(interception, "T-RETURN-HOME", now())
        # It comes back without our interception: the freight is due, the fee is not.
        _estimate(interception, with_fee=False)
    moved = _revive(interception, "turn_back", by=by)
    if moved is not None and not was_live:
        watching.watch(moved.package, priority=Priority.OPEN_INTERCEPTION)
    return moved


def receive(interception: Interception, *, by: Actor = None) -> Interception:
    interception.returned_at = now()
    interception.due_at = _due(interception, "T-INSPECT", interception.returned_at)
    _book_costs(interception)
    moved = _move(interception, "receive", by=by)
    _watch_less(moved)
    return moved


def deliver_anyway(interception: Interception, *, by: Actor = None) -> Interception:
    interception.due_at = None
    moved = _move(interception, "deliver_anyway", by=by)
    _watch_less(moved)
    return moved


def suspect_loss(interception: Interception, *, by: Actor = None) -> Interception:
    interception.due_at = None
    return _move(interception, "suspect_loss", by=by)


def give_up(interception: Interception, *, by: Actor, reason: str) -> Interception:
    moved = _move(interception, "give_up", by=by, reason=reason)
    _watch_less(moved)
    return moved


def close(interception: Interception, verb: str, *, by: Actor, reason: str = "") -> Interception:
    interception.due_at = None
    return _move(interception, verb, by=by, reason=reason)


def _revive(interception: Interception, verb: str, **how: Any) -> Interception | None:
    """A move that may bring a failed interception back among the live; the database keeps them at one a waybill."""
    if interception.is_live:
        return _move(interception, verb, **how)
    try:
        with transaction.atomic():
            return _move(interception, verb, **how)
    except IntegrityError:
        interception.refresh_from_db()
        return None


def _estimate(interception: Interception, *, with_fee: bool) -> None:
    """Fee and back freight from the account's rate card, in fen, until the courier bills (M13). A fee the courier
    named with its answer stands."""
    if not interception.is_cost_estimated:
        return
    card = interception.account.rate_card if interception.account_id and interception.account else {}
    told = interception.quoted_fee_fen
    fee_fen = int(card.get("intercept_fee_fen", 0)) if told is None else told
    interception.fee_fen = fee_fen if with_fee else 0
    interception.freight_fen = int(card.get("back_freight_fen", 0))


def _book_costs(interception: Interception) -> None:
    if not interception.is_cost_estimated:
        return  # billed before it came home: all of it stands in the ledger (logistics.interception.billing)
    order_number = interception.package.order.number
    for leg, amount in ((FEE_LEG, interception.fee_fen), (FREIGHT_LEG, interception.freight_fen)):
        if amount > 0:
            ledger.post(
                interception.shop,
                LedgerAccount.COURIER_COST,
                LedgerAccount.COURIER_PAYABLE,
                amount,
                kind="interception_cost",
                document=interception.number,
                leg=leg,
                order_number=order_number,
                is_estimated=leg == FREIGHT_LEG or interception.quoted_fee_fen is None,
            )


def _watch_less(interception: Interception) -> None:
    others = Interception.objects.watched().filter(package_id=interception.package_id).exclude(pk=interception.pk)
    if not others.exists():
        watching.relax([interception.package_id])
    watching.unwatch_ended([interception.package_id])


# The verbs evidence can call for (logistics.interception.evidence.Move).
def apply(
    interception: Interception,
    verb: str,
    *,
    evidence: str,
    reason: str,
    question: str,
    words: str,
    turns_back: bool = False,
) -> Any:
    """Carry out a move that the evidence calls for; None when it could not be made. `turns_back`: see `succeed`."""
    if verb == "succeed":
        return succeed(interception, evidence=evidence or Evidence.NONE, turns_back=turns_back)
    if verb == "fail":
        return fail(interception, reason=reason or Reason.OTHER, words=words)
    if verb == "mark_unknown":
        return mark_unknown(interception, question=question)
    return {"withdraw": withdraw, "turn_back": turn_back, "receive": receive, "deliver_anyway": deliver_anyway}[verb](
        interception
    )
