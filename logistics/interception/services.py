"""The verbs of an interception: each public function is one use case. The courier is only ever called from `calls`."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from logistics.couriers.base import InterceptStatus, Kind
from logistics.interception import calls, policies, transitions
from logistics.interception import evidence as proof
from logistics.interception.enums import Evidence
from logistics.interception.enums import InterceptionState as S
from logistics.interception.models import Interception
from logistics.parcels import store
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from logistics.tracking import services as tracking
from logistics.watch import services as watching
from logistics.watch.models import Priority
from merchant.checks import Check
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.numbers import new_number
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy import services as policy
from merchant.prepared import named, tuples_of
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake

logger = logging.getLogger(__name__)

# What a parcel's news may still move.
WEIGHED = (S.RUNNING, S.SUCCEEDED, S.RETURNING, S.FAILED)
# At most so many moves follow from one look at the evidence.
TURNS = 4
# A parcel that was not stopped may still turn back; nobody waits longer than this for it.
LATE_EVIDENCE = timedelta(days=30)


@transaction.atomic
def submit_interception(
    package: Package, *, by: Actor, checks: Sequence[Check] = (), kind: str = Kind.RETURN_TO_SENDER
) -> Interception:
    """拦截: ask that this parcel be stopped. The courier is called after commit.

    `checks` is the eligibility list with the values it had, stored with the document. Raises Refused RIGHT, KIND,
    ACCOUNT, or the code of the road check that blocks (E07, E08, E09, E11, E14); by a stale track nobody is refused.
    """
    return submit_with_caller(package, by=by, checks=checks, kind=kind)


def submit_with_caller(
    package: Package, *, by: Actor, checks: Sequence[Check] = (), kind: str = Kind.RETURN_TO_SENDER
) -> Interception:
    """The same without a savepoint of its own: what refuses it must end the caller's transaction."""
    # Interceptions before the parcel (the order of locks); two who press at once stand in line here or at the insert.
    lock_all(Interception.objects.of_waybill(package.courier, package.waybill))
    package = lock(package, "account", "shop")
    policies.check_can_submit(package, by=by, kind=kind, checks=checks)
    at = now()
    interception = Interception(
        shop_id=package.shop_id,
        number=new_number("IC"),
        package=package,
        account_id=package.account_id,
        courier=package.courier,
        waybill=package.waybill,
        kind=Kind(kind).value,
        checks=[check.as_json() for check in checks],
        submitted_at=at,
        submitted_by=by,
        next_attempt_at=at,
        due_at=at + policy.timer(policy.current(package.shop_id), "T-INT-ACK"),
    )
    try:
        interception.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("E14", _("There is already an interception of this parcel.")) from error
    watching.watch(package, priority=Priority.OPEN_INTERCEPTION)
    activity.record(
        interception,
        "interception.submit",
        by=by,
        to_state=S.SUBMITTED.value,
        kind=interception.kind,
        waybill=package.waybill,
    )
    transitions.announce(interception)
    wake("logistics.send_interception", interception_id=interception.pk)
    return interception


def send_interception(interception_id: int) -> None:
    """Read the track, check, then claim, call, record: ask the courier. Outside any transaction; safe to run twice.

    Before the courier is first asked, its track must be fresh and let the parcel be stopped (E11, E12): otherwise the
    interception fails with that reason and nobody was asked."""
    _read_track(interception_id)
    status = calls.send(interception_id)
    # Also without an answer about an earlier request: the parcel may have been stopped before we heard of it.
    package_id = Interception.objects.values_list("package_id", flat=True).get(pk=interception_id)
    weigh_evidence(package_id, status=status)


def _read_track(interception_id: int) -> None:
    row = Interception.objects.select_related("package").get(pk=interception_id)
    if row.state != S.SUBMITTED or row.attempts:
        return
    try:
        tracking.refresh_track(row.package, by=None)
    except Refused as refusal:
        logger.info("track of parcel %s could not be read: %s", row.package_id, refusal)


def withdraw_interception(interception: Interception, *, by: Actor) -> Interception:
    """撤销: take the request back at the courier, where it allows that. Outside any transaction.

    Raises Refused RIGHT, INT-STATE (too late), INT-CANCEL (the courier cannot or will not), INT-BUSY (just being
    sent), INT-UNKNOWN (no answer: the interception goes on).
    """
    return calls.withdraw(interception, by=by)


# --- evidence -----------------------------------------------------------------------------------------------------


def weigh_evidence(package_id: int, *, status: InterceptStatus | None = None) -> Interception | None:
    """Move the parcel's interception as far as its sorted track and the courier's answer say. Returns it if it moved.

    One transaction, as long as it stays the one that news may move; the sweep runs the same function, so a lost wake-up
    costs minutes.
    """
    found = _weighed([package_id]).get(package_id)
    return None if found is None else _weigh(package_id, found, status)


def _weigh(package_id: int, found: int | None, status: InterceptStatus | None = None) -> Interception | None:
    """`found`: the id of the interception that news about this parcel may move."""
    moved = None
    for _turn in range(TURNS):
        row = None if found is None else _weigh_once(found, status)
        if row is None:
            break
        moved = row
        if row.is_live:
            break  # moved as far as it goes
        found = _weighed([package_id]).get(package_id)
    return moved


@transaction.atomic
@policy.read_once()
@activity.together()
def _weigh_once(interception_id: int, status: InterceptStatus | None) -> Interception | None:
    interception = lock(Interception(pk=interception_id), "account", "package__account")
    if interception.state not in WEIGHED or (interception.state == S.FAILED and _has_live_other(interception)):
        return None
    courier = policies.courier_for(interception)
    kind = courier.evidence_of(interception.account) if courier else ""
    switch = f"{courier.code}_{kind}" if courier else ""
    if status is not None and status.code:
        interception.status_code = status.code[:40]
    facts = proof.Facts(
        state=str(interception.state),
        is_return=interception.is_return,
        accepted_at=interception.accepted_at,
        question=interception.question,
        evidence_kind=kind,
        is_switched_on=policy.current(interception.shop_id).evidence.get(switch, False),
        track=store.projection_of(interception.package, now()),
        status=status,
    )
    moved = _make_next_move(interception, facts)
    for _turn in range(1, TURNS):
        if moved is None or not moved.is_live:
            break
        further = _go_on(moved, replace(facts, state=str(moved.state), question=moved.question))
        if further is None:
            break
        moved = further
    return moved


def _make_next_move(interception: Interception, facts: proof.Facts) -> Interception | None:
    move = proof.next_move(facts)
    if move is None:
        return None
    result: Interception | None = transitions.apply(
        interception,
        move.verb,
        evidence=move.evidence,
        reason=move.reason,
        question=move.question,
        words=_words(move.words),
        turns_back=move.verb == "succeed" and _is_on_its_way_home(facts),
    )
    return result


def _is_on_its_way_home(facts: proof.Facts) -> bool:
    """Whether a parcel that is stopped by these facts has turned round as well."""
    further = proof.next_move(replace(facts, state=str(S.SUCCEEDED), question=""))
    return further is not None and further.verb == "turn_back"


def _go_on(interception: Interception, facts: proof.Facts) -> Interception | None:
    """What the same facts call for after a move. Should that fail, the move before it stands: the sweep tries again."""
    if proof.next_move(facts) is None:
        return None
    try:
        with transaction.atomic():
            return _make_next_move(interception, facts)
    except Exception:
        logger.exception("interception %s could not go on from %s", interception.pk, facts.state)
        interception.refresh_from_db()
        return None


def _weighed(package_ids: Iterable[int]) -> dict[int, int]:
    """{parcel: the interception that its news may move}: the live one, else the latest that failed."""
    ids = named("package", package_ids)
    # A push tells of one parcel; how many a batch of the poller has differs every time.
    found = tuples_of("_weighed", _weighed_rows, **ids) if len(ids) == 1 else _weighed_rows(**ids)
    return dict(found)


def _weighed_rows(**package_ids: int) -> QuerySet[Interception, tuple[int, int]]:
    rows = Interception.objects.filter(package_id__in=list(package_ids.values()), state__in=WEIGHED)
    # The one that counts comes last: failed ones before live ones, the latest last.
    rows = rows.annotate(is_failed=Q(state=S.FAILED)).order_by("package_id", "-is_failed", "pk")
    return rows.values_list("package_id", "pk")


def _has_live_other(row: Interception) -> bool:
    return Interception.objects.live().of_waybill(row.courier, row.waybill).exclude(pk=row.pk).exists()


def _words(raw: str) -> str:
    return raw if len(raw) <= 200 else raw[:200]


def weigh_packages(package_ids: Iterable[int]) -> int:
    """`weigh_evidence` for those of the parcels whose interception may move. A bad row is logged, the rest go on."""
    count = 0
    for package_id, found in _weighed(package_ids).items():
        try:
            count += _weigh(package_id, found) is not None
        except Exception:
            logger.exception("evidence of parcel %s could not be weighed", package_id)
    return count


def weigh_after_commit(package_ids: Iterable[int]) -> None:
    """Weigh when the surrounding transaction has committed; the sweep repeats it if this process dies in between."""
    transaction.on_commit(partial(weigh_packages, list(package_ids)), robust=True)


# --- single moves, for people and for the rooms above ---------------------------------------------------------------


@transaction.atomic
def accept_interception(interception: Interception, *, external_ref: str = "", by: Actor = None) -> Interception:
    """The courier has registered the request; it has stopped nothing yet."""
    return transitions.accept(lock(interception), external_ref=external_ref, by=by)


@transaction.atomic
def succeed_interception(interception: Interception, *, by: Actor, evidence: str = Evidence.PERSON) -> Interception:
    """拦截成功, said by a person who knows: a stop that may not pay by itself. Raises Refused RIGHT, INT-STATE, E11
    (the track says that the buyer has it), E14."""
    check_right(by, interception.shop_id, Right.SUBMIT_INTERCEPTION)
    row = lock(interception)
    if row.state not in (S.RUNNING, S.FAILED):
        raise _wrong_state(row)
    if row.package.state == PackageState.SIGNED:
        raise Refused("E11", _("The track says that the buyer has signed for it."))
    moved = transitions.succeed(row, by=by, evidence=evidence)
    if moved is None:
        raise Refused("E14", _("There is already another interception of this parcel."))
    weigh_after_commit([row.package_id])
    return moved


@transaction.atomic
def fail_interception(interception: Interception, *, reason: str, by: Actor = None, words: str = "") -> Interception:
    """拦截失败 with its reason. Raises Refused RIGHT, INT-STATE."""
    check_right(by, interception.shop_id, Right.SUBMIT_INTERCEPTION)
    row = lock(interception)
    if not row.is_open:
        raise _wrong_state(row)
    return transitions.fail(row, by=by, reason=reason, words=words)


@transaction.atomic
def mark_unknown_interception(interception: Interception) -> Interception:
    """结果未知: T-INT-RESULT passed without a result. People decide about the case, the watch goes on."""
    row = lock(interception)
    if row.state != S.RUNNING:
        raise _wrong_state(row)
    return transitions.mark_unknown(row)


@transaction.atomic
def give_up_interception(interception: Interception, *, by: Actor, reason: str) -> Interception:
    """The parcel is not found: the loss goes to a claim. Raises Refused RIGHT, INT-STATE."""
    check_right(by, interception.shop_id, Right.WITHDRAW_INTERCEPTION)
    row = lock(interception)
    if row.state != S.LOST_SUSPECT:
        raise _wrong_state(row)
    return transitions.give_up(row, by=by, reason=reason)


@transaction.atomic
def close_interception(interception: Interception, *, by: Actor, is_damaged: bool, reason: str = "") -> Interception:
    """After inspection: the goods are fine, or damaged. Raises Refused RIGHT, INT-STATE."""
    check_right(by, interception.shop_id, Right.RECEIVE_PARCEL)
    row = lock(interception)
    if row.state != S.RETURNED:
        raise _wrong_state(row)
    return transitions.close(row, "close_damaged" if is_damaged else "close_ok", by=by, reason=reason)


@transaction.atomic
def bring_home(package: Package, *, by: Actor) -> Interception | None:
    """The warehouse has the parcel in hand: whatever its interception was waiting for is answered. Returns it, if any.

    A parcel in our hands is stopped whatever the courier said, but a scan is not on the list that pays by itself.
    """
    rows = lock_all(Interception.objects.filter(package=package, state__in=[*WEIGHED, S.SUBMITTED, S.LOST_SUSPECT]))
    live = [row for row in rows if row.is_live]
    failed = [row for row in rows if row.state == S.FAILED]
    row = next(iter([*live, *reversed(failed)]), None)
    if row is None:
        return None
    if row.state == S.SUBMITTED:
        row = transitions.fail(row, by=by, reason="other", words="")
    if row.state == S.RUNNING:
        row = transitions.succeed(row, by=by, evidence=Evidence.WAREHOUSE)
    if row is not None and row.state in (S.SUCCEEDED, S.FAILED):
        row = transitions.turn_back(row, by=by)
    return None if row is None else transitions.receive(row, by=by)


def _wrong_state(row: Interception) -> Refused:
    return Refused(
        "INT-STATE",
        _("That does not fit its state: %(state)s.") % {"state": row.get_state_display()},
        state=str(row.state),
    )
