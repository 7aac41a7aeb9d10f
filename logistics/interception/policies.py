"""Rules of the road: may this parcel be stopped, and what can its courier do about it (E07–E14)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from logistics.couriers import registry
from logistics.couriers.base import Courier, Kind
from logistics.couriers.facts import Facts, facts_of
from logistics.interception.enums import Reason
from logistics.interception.evidence import is_fresh
from logistics.interception.models import Interception
from logistics.parcels.enums import OWN_PLATFORMS, PackageState, WaybillSource
from logistics.parcels.models import Package
from merchant.checks import Check
from merchant.clock import now
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy import services as policy
from merchant.policy.models import Policy
from merchant.prepared import first_of
from merchant.refusals import Refused

P = PackageState
PAST_STOPPING = {
    P.SIGNED: Reason.SIGNED,
    P.ARRIVED_DESTINATION: Reason.IN_DELIVERY,
    P.OUT_FOR_DELIVERY: Reason.IN_DELIVERY,
    P.AT_LOCKER: Reason.IN_DELIVERY,
}
# The whole road must be able to run in a minute; below this no reading can be used at all.
LEAST_FRESH = timedelta(seconds=5)


def road_checks(package: Package, *, rules: Policy | None = None) -> list[Check]:
    """E07, E08, E09, E11, E12 and E14 with their values, all of them, in order."""
    return [one_parcel(package), *courier_checks(package, rules or policy.current(package.shop_id))]


def courier_checks(package: Package, rules: Policy) -> list[Check]:
    """E08, E09, E11, E12 and E14: what its courier decides."""
    return [
        known_courier(package, rules),
        ewaybill(package),
        stoppable(package, courier_for(package)),
        fresh_track(package, rules),
        no_other(package),
    ]


def courier_for(row: Package | Interception) -> Courier | None:
    """Whom to ask about this parcel: through its account, else its courier itself."""
    return registry.of(row.account) or registry.find(row.courier)


def one_parcel(package: Package) -> Check:
    count = Package.objects.of_order(package.order_id).outbound().in_force().count()
    return Check("E07", count == 1, count, _("The order travels in several parcels."))


def known_courier(package: Package, rules: Policy) -> Check:
    passed = package.courier in rules.intercept_couriers
    return Check("E08", passed, package.courier, _("This courier's parcels cannot be stopped."))


def ewaybill(package: Package) -> Check:
    """A platform's parcel wants the platform's e-waybill; a shop of its own ships with the courier's."""
    account = package.account
    if package.waybill_source == WaybillSource.UNKNOWN and account is None:
        passed, message = False, _("There is no account of this shop with this courier.")
    elif package.waybill_source not in _accepted_labels(package):
        passed, message = False, _("The label is not the platform's e-waybill.")
    else:
        passed = account is not None and account.is_active and account.has_ewaybill
        message = _("The e-waybill is not enabled for this courier.")
    return Check("E09", passed, package.waybill_source, message)


def _accepted_labels(package: Package) -> tuple[str, ...]:
    if package.shop.platform in OWN_PLATFORMS:
        return (WaybillSource.PLATFORM_EWAYBILL, WaybillSource.COURIER_EWAYBILL)
    return (WaybillSource.PLATFORM_EWAYBILL,)


def stoppable(package: Package, courier: Courier | None) -> Check:
    state = package.state
    at_destination = courier is not None and courier.capabilities.intercepts_at_destination
    passed = state in (P.PICKED_UP, P.IN_TRANSIT) or (state == P.ARRIVED_DESTINATION and at_destination)
    return Check("E11", passed, state, _why_not_stoppable(package))


def _why_not_stoppable(package: Package) -> Any:
    sentences = {
        P.LABELLED: _("Not picked up yet: it can still be stopped in the warehouse."),
        P.ARRIVED_DESTINATION: _("Already at the delivering site, where this courier no longer stops parcels."),
        P.OUT_FOR_DELIVERY: _("Already out for delivery."),
        P.AT_LOCKER: _("Already waiting for the buyer at a locker or station."),
        P.SIGNED: _("Already signed for."),
        P.REFUSED: _("The buyer refused it; it comes back by itself."),
        P.RETURNING: _("It is already on its way back."),
        P.RETURNED: _("It is already back."),
        P.REDIRECTED: _("It was sent on to another address."),
        P.EXCEPTION: _("Something happened to it on the way; ask the courier."),
        P.VOIDED: _("Its label was voided."),
    }
    if package.state == P.LABELLED and package.shipped_at is not None:
        return _("The courier has not scanned it yet.")
    return sentences.get(P(package.state), "")


def fresh_track(package: Package, rules: Policy) -> Check:
    limit = max(policy.timer(rules, "T-TRACK-FRESH"), LEAST_FRESH)
    at = now()
    age = None if package.track_checked_at is None else int((at - package.track_checked_at).total_seconds())
    return Check(
        "E12",
        is_fresh(package.track_checked_at, at, limit),
        age,
        _("The courier could not be asked where the parcel is; try again in a moment."),
        is_warning="E12" in rules.warn_only,
    )


def no_other(package: Package) -> Check:
    other = first_of("no_other", _live_of, courier=package.courier, waybill=package.waybill)
    # Another shop's number is not shown to this one.
    value = "" if other is None else (other.number if other.shop_id == package.shop_id else "other")
    return Check("E14", other is None, value, _("There is already an interception of this parcel."))


def _live_of(courier: str, waybill: str) -> Any:
    return Interception.objects.live().of_waybill(courier, waybill).order_by("pk")[:1]


def check_can_submit(package: Package, *, by: Actor, kind: str, checks: Sequence[Check] = ()) -> None:
    """Raise Refused RIGHT, KIND, ACCOUNT (it is not set up for that), or the first of `checks` that blocks: what the
    caller weighed under the same locks, else the road checks. By a stale track nobody is refused: `why_not_send`."""
    check_right(by, package.shop_id, Right.SUBMIT_INTERCEPTION)
    checks = checks or road_checks(package)
    told_by_track = () if any(check.code == "E12" and check.passed for check in checks) else ("E11", "E12")
    failing = [check for check in checks if check.blocks and check.code not in told_by_track]
    if failing:
        raise Refused(failing[0].code, failing[0].message, codes=[check.code for check in failing])
    courier = courier_for(package)
    if courier is None or Kind(kind) not in courier.capabilities.kinds:
        raise Refused("KIND", _("This courier cannot do that."), kind=str(kind))
    if package.account is not None and (obstacle := courier.obstacle(package.account)):
        raise Refused("ACCOUNT", obstacle)


def why_not_send(package: Package) -> str:
    """The reason not to ask the courier by what the track says now (E11, E12); "" when it may be asked."""
    rules = policy.current(package.shop_id)
    if fresh_track(package, rules).blocks:
        return Reason.TRACK_UNREAD
    if stoppable(package, courier_for(package)).passed:
        return Reason.NONE
    return PAST_STOPPING.get(P(package.state), Reason.NOT_STOPPABLE)


def check_can_withdraw(interception: Interception, *, by: Actor) -> None:
    """Raise Refused RIGHT, INT-STATE or INT-CANCEL with the reason in words."""
    check_right(by, interception.shop_id, Right.WITHDRAW_INTERCEPTION)
    if not interception.is_open:
        raise Refused(
            "INT-STATE",
            _("It is too late to withdraw: %(state)s.") % {"state": interception.get_state_display()},
            state=str(interception.state),
        )
    courier = courier_for(interception)
    was_sent = interception.attempts > 0
    if was_sent and (courier is None or not courier.capabilities.can_cancel):
        raise Refused("INT-CANCEL", _("This courier cannot withdraw an interception."), courier=interception.courier)


def facts_about(row: Package | Interception) -> Facts:
    """What this parcel's courier can and cannot do, in words for the page."""
    return facts_of(courier_for(row), row.account)
