"""What agreeing to pay, and ending without paying, bring with them.

Callers hold the case and have asked the policies."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from aftersales.cases.enums import CaseKind, CaseTag, Timer
from aftersales.cases.models import Case, CaseLine
from aftersales.cases.packing_stop import lock_packing
from aftersales.cases.transitions import move, tag
from aftersales.refunds import services as refunds
from aftersales.refunds.enums import PAID_STATES, RefundKind, Source
from aftersales.refunds.models import Refund, RefundLine
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from merchant.clock import now
from merchant.people.models import Actor
from merchant.policy import services as shop_policies
from merchant.prepared import tuples_of

# While one of these stands, a withdrawn case leaves a parcel that somebody must decide about.
LOOSE_STATES = (
    InterceptionState.SUBMITTED,
    InterceptionState.RUNNING,
    InterceptionState.SUCCEEDED,
    InterceptionState.RETURNING,
)


def agree_to_pay(
    case: Case,
    *,
    source: str,
    by: Actor,
    reason: str = "",
    is_auto: bool = False,
    is_late: bool = False,
    verb: str = "agree",
) -> Case:
    """REFUNDING and the refund, in one step, for a locked case; whoever calls has asked the policies. `verb` is the
    transition that leads there: agree, grant after an inspection, settle_return."""
    parts, freight, closed_ids = _money_and_closed(case)
    if case.kind == CaseKind.REFUND_ONLY_UNSHIPPED:
        # Parcels before the order: the bench is emptied once the money is reserved and approved.
        lock_packing(case)
    closed = [refunds.take_over(pk) for pk in closed_ids]
    case.is_auto = is_auto
    move(case, verb, by=by, reason=reason, tag="", source=str(source), is_late=is_late)
    if is_late:
        # Stays set: it is what the figures count as "auto, merchant late".
        case.is_late = True
        case.save(update_fields=["is_late"])
    refunds.make_refunds(
        case.order,
        parts=parts,
        freight_fen=freight,
        source=source,
        by=by,
        case=case,
        interception=case.interception if source == Source.INTERCEPTION else None,
        kind=RefundKind.COMPENSATION if case.kind == CaseKind.COMPENSATION else RefundKind.REFUND,
        replaces=closed,
        reason=reason,
    )
    return case


def money_of(case: Case) -> tuple[dict[int, int], int]:
    """(parts, freight) this case still pays: the offer the buyer accepted, else what was asked for, less what it has
    paid already through another payment."""
    parts, freight, _closed_ids = _money_and_closed(case)
    return parts, freight


def _money_and_closed(case: Case) -> tuple[dict[int, int], int, list[int]]:
    """`money_of`, and the closed refunds whose money is taken over, if any."""
    [(asked, paid_parts, closed_ids)] = tuples_of("money_of", _money_rows, pk=case.pk)
    parts, freight = {part["line"]: part["fen"] for part in asked}, case.freight_fen
    if "accepted_fen" in case.offer:
        parts = {int(pk): int(fen) for pk, fen in case.offer["parts"].items()}
        freight = int(case.offer.get("freight_fen", 0))
    if paid_parts:
        for part in paid_parts:
            parts[part["line"]] = max(0, parts.get(part["line"], 0) - part["fen"])
        freight -= sum(Refund.objects.paid().filter(case=case).values_list("freight_fen", flat=True))
        parts, freight = {pk: fen for pk, fen in parts.items() if fen}, max(0, freight)
    return parts, freight, closed_ids


def _money_rows(pk: int) -> Any:
    lines = CaseLine.objects.filter(case=OuterRef("pk"), amount_fen__gt=0).order_by("pk")
    part = JSONObject(line="order_line_id", fen="amount_fen")
    closed = refunds.closed_refunds().filter(case=OuterRef("pk")).values("pk")
    paid = RefundLine.objects.filter(refund__case=OuterRef("pk"), refund__state__in=PAID_STATES).order_by("pk")
    row = Case.objects.annotate(
        asked=ArraySubquery(lines.values(part=part)),
        paid=ArraySubquery(paid.values(part=part)),
        closed_ids=ArraySubquery(closed),
    )
    return row.filter(pk=pk).values_list("asked", "paid", "closed_ids")


def leave_parcel(case: Case, *, by: Actor) -> Case:
    """Queue the parcel of a locked case that ended without paying while its interception goes on."""
    if case.interception_id is None:
        return case
    state = Interception.objects.values_list("state", flat=True).get(pk=case.interception_id)
    if state not in LOOSE_STATES:
        return case
    rules = shop_policies.current(case.shop_id)
    return tag(
        case,
        CaseTag.STOPPED_WITHOUT_CASE,
        by=by,
        tag_reason=state,
        due_at=now() + shop_policies.timer(rules, "T-STOPPED"),
        clock=Timer.STOPPED,
    )
