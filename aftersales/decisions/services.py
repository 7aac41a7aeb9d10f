"""The case's verbs: apply, agree, refuse, propose, withdraw.

What an interception tells its cases is in `outcomes.py`.
Lock order everywhere: case (several by ascending id) → refund → interception → package → order → line → ledger.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.clocks import start_clock
from aftersales.cases.enums import (
    PAYING_KINDS,
    CaseKind,
    CaseState,
    CaseTag,
    OpenedBy,
    Origin,
)
from aftersales.cases.models import Case, CaseLine
from aftersales.cases.opening import check_attempts, check_may_apply, insert_case, shares_of
from aftersales.cases.transitions import hold_order, move, tag
from aftersales.decisions import policies
from aftersales.decisions.assigning import claim_case, claim_if_free, escalate_case, hand_over_case, release_case
from aftersales.decisions.intercepting import (
    intercept_by_rule,
    intercept_case,
    stop_in_house,
)
from aftersales.decisions.returning import settle_return_case
from aftersales.platforms.following import PlatformCase, follow_platform_case
from aftersales.refunds import services as refunds
from aftersales.refunds.enums import Source
from aftersales.refunds.settling import agree_to_pay, leave_parcel
from merchant.attachments.models import Attachment, Purpose
from merchant.attachments.services import attach
from merchant.clock import now
from merchant.locking import lock
from merchant.numbers import new_number
from merchant.people.models import Actor, User
from merchant.policy import services as shop_policies
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.wakeups import wake
from orders.payments import services as payments
from orders.record.models import Order, OrderLine

__all__ = [
    "PlatformCase",
    "agree_case",
    "answer_offer",
    "apply_case",
    "claim_case",
    "clear_alarm",
    "escalate_case",
    "follow_platform_case",
    "hand_over_case",
    "intercept_by_rule",
    "intercept_case",
    "propose_case",
    "refuse_case",
    "release_case",
    "settle_return_case",
    "stop_in_house",
    "withdraw_case",
]


@transaction.atomic
def apply_case(
    order: Order,
    *,
    kind: str,
    amount_fen: int,
    parts: Mapping[int, int] | None = None,
    reason: str = "",
    by: Actor,
    origin: str = Origin.OWN,
    opened_by: str = OpenedBy.BUYER,
    number: str | None = None,
    applied_at: datetime | None = None,
    deadline: datetime | None = None,
    external_version: str = "",
    external_status: str = "",
) -> Case:
    """申请售后: a new case, waiting for the shop. `parts` is {order line id: fen}; without it the amount is shared over
    what the lines have left, freight last. What `parts` does not cover of the amount is freight.

    Raises Refused OPEN_CASE (a line has one already), PERIOD, ATTEMPTS, KIND, M4, M5, CASE_ONCE (number known)."""
    order = lock(order)
    if origin == Origin.OWN:
        check_may_apply(order, kind)
    shares, freight = shares_of(order, amount_fen, parts, money=kind in PAYING_KINDS)
    if origin == Origin.OWN and freight and order.is_sent:
        raise Refused("M4", _("Freight does not go back once something has shipped."), freight_fen=freight)
    lines = {line.pk: line for line in OrderLine.objects.filter(order=order, pk__in=shares)}
    check_attempts(lines.values())
    case = Case(
        shop_id=order.shop_id,
        number=number or new_number("AS"),
        order=order,
        buyer_id=order.buyer_id,
        kind=kind,
        origin=origin,
        opened_by=opened_by,
        is_before_receipt=order.received_at is None,
        amount_fen=amount_fen,
        freight_fen=freight,
        reason=reason[:200],
        external_version=external_version,
        external_status=external_status,
        applied_at=applied_at or now(),
    )
    start_clock(case, at=case.applied_at, deadline=deadline)
    insert_case(case, lines, shares)
    activity.record(
        case,
        "case.apply",
        by=by,
        to_state=case.state,
        reason=reason,
        kind=str(kind),
        amount_fen=amount_fen,
        opened_by=str(opened_by),
    )
    hold_order(case, by=by)
    if case.kind == CaseKind.REFUND_ONLY_SHIPPED and shop_policies.current(case.shop_id).auto_submit:
        wake("aftersales.intercept_by_rule", case_id=case.pk)
    return case


@transaction.atomic
def agree_case(case: Case, *, by: Actor, shown_version: int | None = None, reason: str = "") -> Case:
    """同意. A case about money becomes REFUNDING with its refund; above the person's limit that refund waits for a
    second person. A case before shipping also takes the order off the bench. A running interception goes on.

    Raises Refused RIGHT, E16, CASE_STATE, SHIPPED, M5, NO_PAYMENT, NO_CHANNEL, ON_PLATFORM."""
    case = lock(case)
    policies.check_version(case, shown_version)
    policies.check_can_agree(case, by)
    claim_if_free(case, by=by)
    if case.kind in PAYING_KINDS:
        return agree_to_pay(case, source=Source.MANUAL, by=by, reason=reason)
    verb = "agree_resend" if case.kind == CaseKind.RESEND else "agree_return"
    return move(case, verb, by=by, reason=reason, tag="", activity_verb="case.agree")


@transaction.atomic
def refuse_case(
    case: Case,
    *,
    by: Actor,
    shown_version: int | None = None,
    reason: str,
    note: str = "",
    evidence: Mapping[str, Any] | None = None,
    files: Sequence[Attachment] = (),
) -> Case:
    """拒绝, with a reason of the list and the proof some of them demand; a platform case is told to the platform.

    `evidence` holds references (a scan, a photo's id), never personal data; `files` are what `read_files` made of the
    uploads. Raises Refused RIGHT, E16, CASE_STATE, REASON, EVIDENCE, NO_CHANNEL."""
    if files:
        evidence = {**(evidence or {}), "files": [file.name for file in files]}
    case = lock(case)
    policies.check_version(case, shown_version)
    policies.check_can_refuse(case, by, reason=reason, evidence=evidence)
    claim_if_free(case, by=by)
    case.refusal = {"reason": reason, "note": note[:300], "evidence": dict(evidence or {})}
    if case.is_platform:
        case.platform_sync_at = now()
    move(case, "refuse", by=by, reason=reason, tag="", note=note[:300], evidence=dict(evidence or {}))
    if files:
        attach(case, files, by=by, purpose=Purpose.EVIDENCE)
    if case.is_platform:
        wake("aftersales.tell_refusal", case_id=case.pk)
    return case


@transaction.atomic
def propose_case(case: Case, *, by: Actor, shown_version: int | None = None, amount_fen: int, note: str = "") -> Case:
    """协商: offer another amount, once a round; the buyer has T-NEGO to answer. Raises Refused RIGHT, E16, ROUND."""
    case = lock(case)
    policies.check_version(case, shown_version)
    policies.check_can_propose(case, by)
    claim_if_free(case, by=by)
    if not 0 < amount_fen < case.amount_fen:
        raise Refused("AMOUNT", _("An offer is more than nothing and less than what was asked for."))
    asked = dict(CaseLine.objects.filter(case=case, amount_fen__gt=0).values_list("order_line_id", "amount_fen"))
    goods = min(amount_fen, sum(asked.values()))
    ids = sorted(asked)
    shares = payments.split(goods, [asked[pk] for pk in ids])
    case.offer = {
        "amount_fen": amount_fen,
        "parts": {str(pk): fen for pk, fen in zip(ids, shares, strict=True) if fen},
        "freight_fen": amount_fen - goods,
        "note": note[:300],
        "round_no": case.round_no,
        # Whose limit the amount is held against, should the buyer say yes.
        "by": by.pk if by is not None else None,
    }
    return move(case, "propose", by=by, reason=note, tag="", amount_fen=amount_fen)


@transaction.atomic
def answer_offer(case: Case, *, by: Actor, accepts: bool) -> Case:
    """The buyer's answer: yes pays the offered amount, no puts the case back to the shop."""
    case = lock(case)
    if case.state != CaseState.WAIT_BUYER_REPLY:
        raise policies.wrong_state(case)
    if not accepts:
        return move(case, "decline", by=by, reason="offer_declined")
    policies.check_can_pay(case)
    case.offer = {**case.offer, "accepted_fen": case.offer["amount_fen"]}
    proposer = User.objects.filter(pk=case.offer.get("by")).first()
    return agree_to_pay(case, source=Source.MANUAL, by=proposer, reason="offer_accepted")


@transaction.atomic
def withdraw_case(case: Case, *, by: Actor, reason: str = "") -> Case:
    """买家撤销. A refund that was not sent yet is void; a parcel that is being or has been stopped lands in the queue
    "stopped without a case". Raises Refused CASE_STATE, PAYING."""
    case = lock(case)
    policies.check_can_withdraw_case(case)
    refunds.take_back_unsent(case, "void", by=by, reason="case_withdrawn")
    verb = "cancel_refunding" if case.state == CaseState.REFUNDING else "withdraw"
    move(case, verb, by=by, reason=reason, tag="", activity_verb="case.withdraw")
    return leave_parcel(case, by=by)


@transaction.atomic
def clear_alarm(case: Case, *, by: Actor, reason: str) -> Case:
    """A person has settled what the tag of a closed case says (sent again, claimed, refunded): the queue lets it go."""
    case = lock(case)
    policies.check_can_clear(case, by)
    claim_if_free(case, by=by)
    if not reason.strip():
        raise Refused("REASON", _("Say what was done."))
    before = case.tag
    tag(case, CaseTag.NONE, by=by)
    activity.record(case, "case.clear_alarm", by=by, reason=reason, tag=before)
    return case
