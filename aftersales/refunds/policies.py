"""Who may move how much, and what is read again before money leaves (law 1)."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseKind, CaseState
from aftersales.cases.models import Case
from aftersales.cases.packing_stop import check_still_in_house
from aftersales.channels.enums import RefundOutcome
from aftersales.refunds.enums import (
    FAILED_STATES,
    POLICY_SOURCES,
    UNSENT_STATES,
    RefundState,
    Source,
)
from aftersales.refunds.models import Refund
from aftersales.refunds.payback_requests import is_exception_granted
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from logistics.parcels.enums import PackageState
from merchant.clock import SHANGHAI, now
from merchant.money import yuan
from merchant.people.models import Actor
from merchant.people.rights import Right, can, check_right, limit_fen, members_with
from merchant.policy import services as policies
from merchant.policy.models import Policy
from merchant.prepared import first_of
from merchant.refusals import Refused
from merchant.shops.models import Shop, ShopState
from merchant.shops.services import is_signed
from orders.record.models import Order

# Words in a channel's refusal that name a limit of its own, whatever code they come under.
TOO_OLD = ("365", "一年", "期限", "expired")
TOO_MANY = ("more than 50", "50 refunds", "50次", "次数")
# A stopped parcel in one of these is not where the courier's success says it is: a person looks first.
UNEXPECTED_AFTER_STOP = (
    PackageState.SIGNED,
    PackageState.OUT_FOR_DELIVERY,
    PackageState.AT_LOCKER,
    PackageState.VOIDED,
)
HOME_STATES = (InterceptionState.RETURNED, InterceptionState.CLOSED_OK, InterceptionState.CLOSED_DAMAGED)


def start_of_today() -> datetime:
    """The agent-day begins at midnight in Shanghai."""
    return datetime.combine(now().astimezone(SHANGHAI).date(), time.min, SHANGHAI)


def spent_by(user: Any, order: Order) -> tuple[int, int]:
    """(today over all orders of the shop, ever on this order) that this person's word has let go, in fen: agreed alone,
    or approved for somebody else, so that two people at their limits cannot go on for each other."""
    sums = _let_go(user, order.shop_id).aggregate(
        today=Sum("amount_fen", filter=Q(created_at__gte=start_of_today())),
        order=Sum("amount_fen", filter=Q(order=order)),
    )
    return sums["today"] or 0, sums["order"] or 0


def _let_go(user: Any, shop_id: int) -> QuerySet[Refund]:
    gone = [RefundState.REJECTED, RefundState.VOID]
    return Refund.objects.filter(approved_by=user, shop_id=shop_id).exclude(state__in=gone)


@dataclass(frozen=True)
class Limits:
    """What somebody may agree alone, in fen: on one case or order, and how much of it is left today. None: no limit."""

    case_fen: int | None
    left_today_fen: int | None

    @property
    def is_limited(self) -> bool:
        return self.case_fen is not None


def limits_of(user: Any, shop: Any) -> Limits:
    """R2.38: as the desk shows it; the decision itself counts again with the limits held."""
    limit = limit_fen(user, shop, Right.AGREE_CASE)
    if limit is None:
        return Limits(None, None)
    shop_id = shop if isinstance(shop, int) else shop.pk
    spent = _let_go(user, shop_id).filter(created_at__gte=start_of_today()).aggregate(fen=Sum("amount_fen"))["fen"] or 0
    return Limits(limit, max(0, limit - spent))


def needs_second_person(order: Order, amount_fen: int, *, source: str, by: Actor, rules: Policy) -> str:
    """Why a second person must approve, or "" when nobody must.

    A person's limit holds per case, over the order and over the day, so that five small cases do not beat it; money
    a rule pays is free up to the shop's second-person limit, whoever pressed the button that led to it."""
    if amount_fen > rules.second_person_fen:
        return "second_person_limit"
    if by is None or source in POLICY_SOURCES:
        return ""
    return over_limit(order, amount_fen, by=by)


def over_limit(order: Order, amount_fen: int, *, by: Actor) -> str:
    """Which of this person's limits the amount would pass, "" when none. Call with `hold_limits` held."""
    limit = limit_fen(by, order.shop_id, Right.AGREE_CASE)
    if limit is None:
        return ""
    today, on_order = spent_by(by, order)
    if amount_fen > limit:
        return "case_limit"
    if on_order + amount_fen > limit:
        return "order_limit"
    if today + amount_fen > limit:
        return "day_limit"
    return ""


def check_can_approve(refund: Refund, by: Actor) -> None:
    """The second person: with the right to approve or a limit of their own that covers it, and not the first one."""
    if refund.state != RefundState.CREATED:
        raise wrong_state(refund)
    if by is None:
        return
    limit = limit_fen(by, refund.shop_id, Right.AGREE_CASE)
    has_own = can(by, refund.shop_id, Right.AGREE_CASE) and (limit is None or together_fen(refund) <= limit)
    if not has_own:
        check_right(by, refund.shop_id, Right.APPROVE_REFUND)
    if refund.created_by_id == by.pk:
        _check_may_stand_alone(refund, by)


def _check_may_stand_alone(refund: Refund, by: Any) -> None:
    """Whoever asked for a refund does not approve it. Where nobody else may, the owner can add somebody, or change the
    rule for everybody and on record; a sum the rule asks nobody about any more waits for nobody."""
    if others_with(refund.shop_id, by, Right.APPROVE_REFUND):
        raise Refused("SECOND_PERSON", _("You asked for this refund: somebody else must approve it."))
    if not can(by, refund.shop_id, Right.APPROVE_REFUND) or not can(by, refund.shop_id, Right.EDIT_POLICY):
        raise Refused(
            "NOBODY_ELSE", _("Nobody else in this shop may approve it: ask the owner to add a person under Settings.")
        )
    if together_fen(refund) > policies.current(refund.shop_id).second_person_fen:
        raise Refused(
            "NOBODY_ELSE",
            _("Nobody else in this shop may approve it: add a person under Settings, or raise the second-person limit "
              "under Rules, which is kept on record; then approve it yourself."),
        )  # fmt: skip


def others_with(shop_id: int, by: Any, right: Right) -> bool:
    """Whether anybody but this person may do it in the shop."""
    return members_with(shop_id, right).exclude(user=by).exists()


def together_fen(refund: Refund) -> int:
    """The sum that was decided with this refund: its case's live ones together, one for each payment of the order."""
    if refund.case_id is None:
        return refund.amount_fen
    others = Refund.objects.live().filter(case=refund.case_id).exclude(pk=refund.pk)
    return int(refund.amount_fen + (others.aggregate(fen=Sum("amount_fen"))["fen"] or 0))


def check_can_reject(refund: Refund, by: Actor) -> None:
    """Whoever may approve may say no; so may finance while it holds the money, and whoever asked for it."""
    if refund.state not in UNSENT_STATES:
        raise wrong_state(refund)
    if refund.payout_by_id is not None:
        raise Refused("PAYOUT", _("An offline payout is under way for this refund."))
    if by is None or refund.created_by_id == by.pk or can(by, refund.shop_id, Right.RELEASE_REFUND):
        return
    check_right(by, refund.shop_id, Right.APPROVE_REFUND)


def check_can_release(refund: Refund, by: Actor) -> None:
    """Finance lets the money go; above its own limit only after another person has approved."""
    if refund.state != RefundState.APPROVED:
        raise wrong_state(refund)
    if by is None:
        return
    check_right(by, refund.shop_id, Right.RELEASE_REFUND)
    limit = limit_fen(by, refund.shop_id, Right.RELEASE_REFUND)
    if limit is not None and refund.approved_by_id in (None, by.pk) and together_fen(refund) > limit:
        raise Refused(
            "SECOND_PERSON",
            _("Above ¥%(limit)s somebody else must have approved before you release it.") % {"limit": yuan(limit)},
            limit_fen=limit,
        )


def check_has_room(refund: Refund, by: Actor) -> None:
    """The sums of a second person who approves by a limit of their own; whoever holds the right has none."""
    if by is None or can(by, refund.shop_id, Right.APPROVE_REFUND):
        return
    passed = over_limit(refund.order, refund.amount_fen, by=by)
    if passed:
        raise Refused(
            "LIMIT",
            _("Together with what you have agreed and approved already this passes your own limit: ask the owner."),
            limit=passed,
        )


def check_can_pay_offline(refund: Refund, by: Actor) -> None:
    """First person of an offline payout."""
    _check_is_for_offline(refund)
    check_right(by, refund.shop_id, Right.OFFLINE_PAYOUT)
    if hasattr(refund, "successor"):
        raise Refused("REPLACED", _("A new refund has taken the place of this one."), number=refund.successor.number)


def check_can_confirm_payout(refund: Refund, by: Actor, *, shown: str | None = None) -> None:
    """Second person of an offline payout: another finance person, or the owner."""
    _check_is_for_offline(refund)
    if refund.payout_by_id is None:
        raise Refused("NO_PAYOUT", _("Nobody has filed an offline payout for this refund."))
    if shown is not None and shown != refund.payout_proof.get("reference", ""):
        raise Refused("E16", _("Another payment has been filed since this page was drawn: look again."))
    if by is not None and by.pk == refund.payout_by_id:
        if others_with(refund.shop_id, by, Right.APPROVE_REFUND) or others_with(
            refund.shop_id, by, Right.OFFLINE_PAYOUT
        ):
            raise Refused("SECOND_PERSON", _("You filed this payout: somebody else must confirm it."))
        raise Refused(
            "NOBODY_ELSE",
            _("Nobody else in this shop may confirm a payout: add a person under Settings. What was filed waits, and "
              "can be taken back."),
        )  # fmt: skip
    if by is None or not can(by, refund.shop_id, Right.APPROVE_REFUND):
        check_right(by, refund.shop_id, Right.OFFLINE_PAYOUT)


def check_can_reject_payout(refund: Refund, by: Actor) -> None:
    """Whoever may confirm may say no; whoever filed it may take it back."""
    if by is None or refund.payout_by_id != by.pk:
        check_can_confirm_payout(refund, by)
    else:
        _check_is_for_offline(refund)


def _check_is_for_offline(refund: Refund) -> None:
    """Failed at the channel, or never sent because the buyer's wish for another way was granted. Never what the channel
    refused because the money is not there any more: it went to the buyer some other way, and would go twice."""
    if refund.state == RefundState.CLOSED and refund.outcome == RefundOutcome.DENIED and not is_past_limit(refund):
        raise Refused(
            "PAID_ELSEWHERE",
            _("The channel says that this money is not there any more: look for the refund in its own console, and "
              "take it over here. Nothing is paid a second time."),
        )  # fmt: skip
    if refund.state in FAILED_STATES:
        return
    if refund.state != RefundState.APPROVED or refund.next_at is not None or not is_exception_granted(refund.case):
        raise wrong_state(refund)


def check_can_adopt(refund: Refund, by: Actor) -> None:
    """Closed because the channel refused it: another refund at the channel may have paid this money."""
    if refund.state != RefundState.CLOSED or refund.outcome != RefundOutcome.DENIED:
        raise wrong_state(refund)
    _check_is_free(refund)
    check_right(by, refund.shop_id, Right.RELEASE_REFUND)


def _check_is_free(refund: Refund) -> None:
    if hasattr(refund, "successor"):
        raise Refused("REPLACED", _("A new refund has taken the place of this one."), number=refund.successor.number)
    if refund.payout_by_id is not None:
        raise Refused("PAYOUT", _("An offline payout is under way for this refund."))


def check_can_replace(refund: Refund, by: Actor) -> None:
    """A closed number may be replaced by a new one, once. An abnormal one may still pay, so it never is."""
    if refund.state != RefundState.CLOSED:
        raise wrong_state(refund)
    _check_is_free(refund)
    check_right(by, refund.shop_id, Right.RELEASE_REFUND)


def read_again(refund: Refund) -> Refund:
    """Another copy of the refund with everything that `preflight` asks as it stands now, in one statement: its order,
    its stop with the parcel, its shop's standing, and when another refund of its payment went out last."""
    found = first_of("read_again", _as_it_stands, pk=refund.pk)
    if found is None:
        raise Refund.DoesNotExist
    return found


def _as_it_stands(pk: int) -> QuerySet[Refund]:
    others = Refund.objects.filter(order=OuterRef("order"), payment=OuterRef("payment")).exclude(pk=OuterRef("pk"))
    last = others.order_by().values("order").annotate(last=Max("sent_at")).values("last")
    rows = Refund.objects.select_related("shop", "order", "interception__package")
    of_case = Refund.objects.live().filter(case=OuterRef("case")).order_by()
    together = of_case.values("case").annotate(fen=Sum("amount_fen")).values("fen")
    rows = rows.annotate(is_signed=is_signed("shop_id"), others_sent_at=Subquery(last), case_fen=Subquery(together))
    return rows.filter(pk=pk)


def stop_of(interception_id: int) -> Interception:
    """An interception as it stands now, with its parcel and its shop's standing, for `preflight_stop`."""
    found = first_of("stop_of", _stops, pk=interception_id)
    if found is None:
        raise Interception.DoesNotExist
    return found


def _stops(pk: int) -> QuerySet[Interception]:
    rows = Interception.objects.select_related("package", "shop").annotate(is_signed=is_signed("shop_id"))
    return rows.filter(pk=pk)


def preflight(refund: Refund, case: Case | None, fresh: Any) -> Refused | None:
    """What is asked again before the money leaves: case, sums, parcel, kind of interception, switches. None when all
    is as it was when the refund was decided; otherwise why a person must look. `fresh` comes from `read_again`."""
    if fresh.order.refunding_fen < refund.amount_fen:
        return Refused("M5", _("The money of this refund is no longer set aside."), amount_fen=refund.amount_fen)
    if case is not None:
        if case.state != CaseState.REFUNDING:
            return Refused("CASE_MOVED", _("The case has moved on since this refund was made."), state=case.state)
        offered = case.offer.get("accepted_fen")
        if fresh.case_fen != (case.amount_fen if offered is None else offered):
            return Refused(
                "CASE_CHANGED",
                _("The case asks for ¥%(case)s now, the refund is for ¥%(refund)s.")
                % {"case": yuan(case.amount_fen), "refund": yuan(fresh.case_fen or refund.amount_fen)},
                case_fen=case.amount_fen,
            )
        if case.kind == CaseKind.REFUND_ONLY_UNSHIPPED:
            try:
                check_still_in_house(refund.order_id)
            except Refused as refusal:
                return refusal
    if refund.source == Source.INTERCEPTION:
        return preflight_stop(fresh.interception, fresh.shop, is_signed=fresh.is_signed)
    return None


def preflight_stop(found: Interception | None, shop: Shop, *, is_signed: bool) -> Refused | None:
    """May this interception pay by itself now? All of it was just read, the parcel with the interception; `is_signed`:
    the shop's agreement is in force. The stricter of the switches then and now wins."""
    rules = policies.current(shop.pk)
    if shop.state != ShopState.NORMAL:
        return Refused("E01", _("The shop is not in normal operation."), state=shop.state)
    if not is_signed:
        return Refused("E03", _("The interception agreement is not signed."))
    if not rules.auto_agree:
        return Refused("AUTO_OFF", _("The shop has switched off paying by itself."))
    if found is None or not found.is_stopped:
        return Refused("NOT_STOPPED", _("The parcel is not stopped."), state=found.state if found else "")
    if not found.is_return:
        return Refused("NOT_A_RETURN", _("The parcel was sent elsewhere, not back to the shop."), kind=found.kind)
    if not found.may_pay_by_itself:
        return Refused("EVIDENCE", _("What proves the stop may not pay by itself."), evidence=found.evidence)
    if rules.pay_when == "returned" and found.state not in HOME_STATES:
        return Refused("NOT_HOME", _("This shop pays when the parcel is back."), state=found.state)
    if found.package.state in UNEXPECTED_AFTER_STOP:
        return Refused("PARCEL", _("The parcel's track does not fit the stop."), state=found.package.state)
    return None


def is_past_limit(refund: Refund) -> bool:
    """Whether the channel's own words name a limit of its own (a year, fifty refunds), or it does not know the payment:
    it has not paid this money back then."""
    return any(word in refund.error for word in (*TOO_OLD, *TOO_MANY, "RESOURCE_NOT_EXISTS"))


def wrong_state(refund: Refund) -> Refused:
    return Refused(
        "REFUND_STATE",
        _("A refund that is “%(state)s” does not allow this.") % {"state": RefundState(refund.state).label},
        state=refund.state,
    )
