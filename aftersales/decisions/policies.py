"""What may be done with a case now, by whom, and the sentence when it may not. Pages draw their buttons from here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import (
    AGREEABLE_STATES,
    OPEN_STATES,
    PAYING_KINDS,
    REASONS_WITH_EVIDENCE,
    REFUND_ONLY_KINDS,
    REFUSAL_REASONS,
    CaseKind,
    CaseState,
)
from aftersales.cases.models import Case
from aftersales.cases.opening import check_may_apply
from aftersales.cases.packing_stop import check_still_in_house
from aftersales.channels import registry
from aftersales.decisions.eligibility import Eligibility, eligibility
from aftersales.refunds.enums import UNSENT_STATES
from aftersales.refunds.models import Refund
from aftersales.refunds.shares import check_can_share
from logistics.interception.policies import check_can_withdraw
from logistics.parcels.enums import PackageState
from logistics.parcels.models import Package
from merchant.people.rights import Right, check_may_get_work, check_right, members_with, rank_of
from merchant.policy import services as shop_policies
from merchant.refusals import Refused
from merchant.shops.models import Platform
from orders.record.models import Order

__all__ = ["Eligibility", "Verb", "eligibility", "open_verbs"]


# What only the person who has the case does, where the shop says so (P-ONLY-ASSIGNEE).
DECISIONS = {
    "intercept_case",
    "stop_in_house",
    "agree_case",
    "refuse_case",
    "propose_case",
    "settle_return_case",
    "clear_alarm",
}


@dataclass(frozen=True)
class Verb:
    """One button: `name` is the service's and the URL's, `sentence` says why it is disabled, `code` which rule."""

    name: str
    is_allowed: bool
    sentence: Any = ""
    code: str = ""


def open_verbs(case: Case, user: Any, *, found: Eligibility | None = None) -> list[Verb]:
    """Every verb of this case for this user, allowed or with its sentence, in the order of the panel.

    `found` is the eligibility when the page has it already."""
    whose = _verb("", lambda: check_whose(case, user))
    verbs = [
        _verb("intercept_case", lambda: check_can_intercept(case, user, found=found)),
        _verb("stop_in_house", lambda: check_can_stop_in_house(case, user, packages=found.packages if found else None)),
        _verb("withdraw_interception", lambda: check_can_withdraw_interception(case, user)),
        _verb("agree_case", lambda: check_can_agree(case, user)),
        _verb("refuse_case", lambda: check_can_refuse(case, user)),
        _verb("propose_case", lambda: check_can_propose(case, user)),
        _verb("ship_back_case", lambda: check_can_ship_back(case, user)),
        _verb("settle_return_case", lambda: check_can_settle_return(case, user)),
        _verb("clear_alarm", lambda: check_can_clear(case, user)),
    ]
    if whose.is_allowed:
        return verbs
    return [replace(whose, name=v.name) if v.is_allowed and v.name in DECISIONS else v for v in verbs]


def _verb(name: str, check: Any) -> Verb:
    try:
        check()
    except Refused as refusal:
        return Verb(name, False, refusal.message, refusal.code)
    return Verb(name, True)


def check_version(case: Case, shown_version: int | None) -> None:
    """E16: what the person decided on is what stands. None means that no page was shown (API, system)."""
    if shown_version is not None and int(shown_version) != case.version:
        raise Refused(
            "E16",
            _("The case has changed since this page was drawn: look again."),
            shown=int(shown_version),
            version=case.version,
        )


def kinds_open_to(order: Order) -> list[CaseKind]:
    """What may be asked for where the goods are now; the rest needs the goods to be elsewhere first."""
    if order.is_sent:
        return [CaseKind.REFUND_ONLY_SHIPPED, CaseKind.RETURN_REFUND, CaseKind.COMPENSATION]
    return [CaseKind.REFUND_ONLY_UNSHIPPED]


def check_can_apply(order: Order, user: Any) -> None:
    """申请售后 on the buyer's behalf: paid, in period, something left to give back, and no platform in between."""
    check_right(user, order.shop_id, Right.AGREE_CASE)
    if order.shop.platform != Platform.OWN:
        raise Refused("ON_PLATFORM", _("The buyer applies on the platform; the case then arrives here by itself."))
    check_may_apply(order, kinds_open_to(order)[0])
    if order.refundable_fen <= 0:
        raise Refused("M5", _("Nothing is left that could be refunded."))


def check_can_intercept(case: Case, user: Any, *, found: Eligibility | None = None) -> None:
    """Right and E01–E16 as the panel shows them; the forced read comes with the press."""
    check_right(user, case.shop_id, Right.SUBMIT_INTERCEPTION)
    found = found or eligibility(case)
    if not found.is_ok:
        raise found.refusal()


def check_can_stop_in_house(case: Case, user: Any, *, packages: Sequence[Package] | None = None) -> None:
    """仓内拦下: every parcel of the order still carries an unscanned label, so it is taken off the bench instead."""
    check_right(user, case.shop_id, Right.HOLD_ORDER)
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if case.kind not in REFUND_ONLY_KINDS or case.state != CaseState.APPLIED:
        raise Refused("E04", _("Only a refund without return that waits for the shop can be stopped in the warehouse."))
    if packages is None:
        packages = list(Package.objects.of_order(case.order_id).outbound().in_force())
    if not packages:
        raise Refused("E07", _("There is no parcel to stop."))
    gone = next((package for package in packages if package.state != PackageState.LABELLED), None)
    if gone is not None:
        raise Refused(
            "E11",
            _("The parcel has left the warehouse (%(state)s).") % {"state": PackageState(gone.state).label},
            state=gone.state,
        )
    if any(package.order_count > 1 for package in packages):
        raise Refused("E15", _("The parcel carries other orders' goods: take them out of it first."))
    check_can_pay(case)


def check_can_withdraw_interception(case: Case, user: Any) -> None:
    if case.interception is None:
        raise Refused("NO_INTERCEPTION", _("Nothing is being stopped for this case."))
    check_can_withdraw(case.interception, by=user)


def check_can_agree(case: Case, user: Any) -> None:
    """The right; the state; a channel that can pay. The limit does not forbid: above it a second person looks."""
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if case.kind in PAYING_KINDS:
        if case.state not in AGREEABLE_STATES:
            raise wrong_state(case)
        check_can_pay(case)
        if case.kind == CaseKind.REFUND_ONLY_UNSHIPPED:
            check_still_in_house(case.order_id)
        return
    if case.state != CaseState.APPLIED:
        raise wrong_state(case)
    check_not_on_platform(case)


def check_can_pay(case: Case) -> None:
    """A channel of ours moves this money, and the payments on record hold it. Raises Refused NO_PAYMENT, NO_CHANNEL,
    PAYMENTS, COUNT, or what the channel lacks."""
    registry.for_order(case.order).check_can_pay(case)
    check_can_share(case)


def check_can_refuse(case: Case, user: Any, *, reason: str | None = None, evidence: Any = None) -> None:
    """With `reason` given also that it is one of the list and carries its proof where it must."""
    check_right(user, case.shop_id, Right.REFUSE_CASE)
    if case.state != CaseState.APPLIED:
        raise wrong_state(case)
    if case.is_platform:
        check_can_tell_platform(case)
    if reason is None:
        return
    if reason not in REFUSAL_REASONS:
        raise Refused("REASON", _("Choose a reason."), reasons=sorted(REFUSAL_REASONS))
    if reason in REASONS_WITH_EVIDENCE and not evidence:
        raise Refused(
            "EVIDENCE", _("This reason needs proof: name the scan, the photo or the document."), reason=reason
        )


def check_can_tell_platform(case: Case) -> None:
    """Our refusal must reach the platform; where no channel of ours can say it, it is said on the platform's page."""
    registry.for_order(case.order).check_can_tell(case)


def check_not_on_platform(case: Case) -> None:
    if case.is_platform:
        raise Refused("ON_PLATFORM", _("Returns and exchanges of this platform are agreed on its own page for now."))


def check_can_propose(case: Case, user: Any) -> None:
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if case.state != CaseState.APPLIED:
        raise wrong_state(case)
    if case.is_platform:
        raise Refused("ON_PLATFORM", _("Another amount is offered to the buyer on the platform's own page."))
    if case.offer.get("round_no") == case.round_no:
        raise Refused("ROUND", _("One offer a round: the buyer has answered this one."))


def check_can_clear(case: Case, user: Any) -> None:
    """An alarm on a closed case is cleared by whoever has settled what it says."""
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if not case.tag or case.is_open:
        raise Refused("NO_ALARM", _("There is no alarm to clear."))


def check_can_ship_back(case: Case, user: Any, *, courier: str | None = None, waybill: str | None = None) -> None:
    """Fill in the waybill of the buyer's return; with the values given also that they could be one."""
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if case.state != CaseState.WAIT_BUYER_RETURN:
        raise wrong_state(case)
    check_not_on_platform(case)
    if courier is None and waybill is None:
        return
    number = (waybill or "").strip()
    if not (courier or "").strip() or not number.isalnum() or not number.isascii() or not 6 <= len(number) <= 40:
        raise Refused("WAYBILL", _("Choose the courier and write the tracking number: 6 to 40 letters and digits."))


def check_can_settle_return(case: Case, user: Any) -> None:
    """Agree with the buyer what is paid for goods that came back otherwise than they went."""
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if case.state != CaseState.REFUSED_AFTER_RETURN or case.amount_fen == 0:
        raise wrong_state(case)
    check_not_on_platform(case)
    check_can_pay(case)


def check_can_withdraw_case(case: Case) -> None:
    """The buyer may take the case back while no money is on its way; a refund not yet sent is voided with it."""
    if case.state not in OPEN_STATES:
        raise wrong_state(case)
    is_sent = Refund.objects.live().filter(case=case).exclude(state__in=UNSENT_STATES).exists()
    if case.state == CaseState.REFUND_FAILED or is_sent:
        raise Refused("PAYING", _("The money is on its way: the case can no longer be withdrawn."))


# --- whose case it is; an assignee and a level are no states -----------------------------------------------------


def check_whose(case: Case, user: Any) -> None:
    """P-ONLY-ASSIGNEE: where the shop says so, a case that somebody has, or that waits for a supervisor, is theirs."""
    if user is None or case.assignee_id == user.pk or (case.assignee_id is None and case.level == 0):
        return
    if not shop_policies.current(case.shop_id).only_assignee_decides:
        return
    if case.assignee_id is not None:
        raise _taken(case)
    if rank_of(user, case.shop_id) < case.level:
        raise _above(case)


def check_can_claim(case: Case, user: Any) -> None:
    """A case in work that nobody has, or one's own; an escalated one by somebody who stands high enough."""
    _check_in_work(case, user)
    if case.assignee_id not in (None, user.pk):
        raise _taken(case)
    if case.level > rank_of(user, case.shop_id) and case.assignee_id is None:
        raise _above(case)


def check_can_hand_over(case: Case, user: Any, *, to: Any = None, reason: str | None = None) -> None:
    """One's own case, or a free one; anybody's for whoever hands out work. With `to` also that they may take it."""
    _check_in_work(case, user)
    rank = rank_of(user, case.shop_id)
    if rank == 0 and case.assignee_id not in (None, user.pk):
        raise _taken(case)
    if case.level > rank and case.assignee_id != user.pk:
        raise _above(case)
    if reason is None:
        return
    check_may_get_work(to, case.shop_id)
    if to.pk == case.assignee_id:
        raise Refused("SAME", _("%(name)s has this case already.") % {"name": to})
    _check_reason(reason)


def check_can_escalate(case: Case, user: Any, *, to: Any = None, reason: str | None = None) -> None:
    """An open case, once to each level until it is handed back down. `to` stands above whoever escalates."""
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if not case.is_open:
        raise wrong_state(case)
    rank = rank_of(user, case.shop_id)
    if rank == 0 and case.level == 0 and case.assignee_id not in (None, user.pk):
        raise _taken(case)
    if case.level > rank:
        if case.assignee_id is None:
            raise Refused("ESCALATED", _("Escalated already: it waits for a supervisor."))
        raise Refused("ESCALATED", _("Escalated already: %(name)s has it.") % {"name": case.assignee})
    above = [Right.ASSIGN_WORK, *([Right.EDIT_POLICY] if rank else [])]
    if rank == 2 or not members_with(case.shop_id, *above).exclude(user=user).exists():
        raise Refused("TOP", _("Nobody in this shop stands above you: decide, or hand it over."))
    if reason is None:
        return
    if to is not None and not members_with(case.shop_id, *above).exclude(user=user).filter(user=to).exists():
        raise Refused("MEMBER", _("Choose somebody who stands above you, or leave it open for them."))
    _check_reason(reason)


def check_can_release(case: Case, user: Any) -> None:
    """Give a case back to everybody: one's own, or anybody's for whoever hands out work."""
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if case.assignee_id is None:
        raise Refused("FREE", _("Nobody has this case."))
    if case.assignee_id != user.pk and rank_of(user, case.shop_id) == 0:
        raise _taken(case)


def _check_in_work(case: Case, user: Any) -> None:
    check_right(user, case.shop_id, Right.AGREE_CASE)
    if not case.is_open and not case.tag:
        raise wrong_state(case)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("REASON", _("Say why, so that the next person knows."))


def _taken(case: Case) -> Refused:
    name = str(case.assignee)
    return Refused("TAKEN", _("%(name)s has this case: ask for a hand-over.") % {"name": name}, name=name)


def _above(case: Case) -> Refused:
    return Refused("LEVEL", _("This case was escalated and waits for a supervisor."), level=case.level)


def wrong_state(case: Case) -> Refused:
    if case.state == CaseState.INTERCEPTING:
        sentence = _("It is being intercepted: decide when the result is there.")
        return Refused("CASE_STATE", sentence, state=case.state)
    return Refused(
        "CASE_STATE",
        _("A case that is “%(state)s” does not allow this.") % {"state": CaseState(case.state).label},
        state=case.state,
    )
