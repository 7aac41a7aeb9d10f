"""What a decision asks of couriers, in the background: tracks read again, an interception withdrawn, a parcel taken off
the bench after a look at its track."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.cases.models import Case
from aftersales.decisions import intercepting, policies
from aftersales.decisions.eligibility import packages_of
from logistics.interception.errands import submit_withdrawal
from logistics.tracking import services as tracking
from merchant.errands import kinds
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity

RECHECK, STOP_IN_HOUSE = "case.recheck", "case.stop_in_house"


def submit_recheck(case: Case, *, by: Actor) -> Errand:
    """Have the tracks of the order's parcels read again."""
    return errands.submit(RECHECK, case, by=by)


def submit_stop_in_house(case: Case, *, by: Actor, shown_version: int | None = None) -> Errand:
    """仓内拦下, once the courier was asked whether the parcel has left. Raises Refused E16, RIGHT, E04, E07, E11."""
    return errands.submit(STOP_IN_HOUSE, case, by=by, shown_version=shown_version)


@transaction.atomic
def withdraw_interception(case: Case, *, by: Actor) -> Errand:
    """撤销拦截 at the courier, where it can be; the case comes back through the fact it announces.

    Raises Refused RIGHT, NO_INTERCEPTION, INT-STATE, INT-CANCEL."""
    policies.check_can_withdraw_interception(case, by)
    assert case.interception is not None
    errand = submit_withdrawal(case.interception, by=by)
    activity.record(case, "case.withdraw_interception", by=by, interception=case.interception.number)
    return errand


def _check_recheck(case: Case, *, by: Actor) -> None:
    """Whoever sees a case may."""


def _recheck(case: Case, *, by: Actor) -> str:
    refusal = None
    for package in packages_of(case.order):
        try:
            tracking.refresh_track(package, by=by)
        except Refused as error:
            refusal = error
    if refusal is not None:
        raise refusal
    return _("The track was read again.")


def _check_stop_in_house(case: Case, *, by: Actor, shown_version: int | None) -> None:
    policies.check_version(case, shown_version)
    policies.check_can_stop_in_house(case, by)


def _stop_in_house(case: Case, *, by: Actor, shown_version: int | None) -> str:
    intercepting.stop_in_house(case, by=by, shown_version=shown_version)
    return _("Taken off the bench; the label is void and the refund is on its way.")


def register() -> None:
    """Called once, when the process starts."""
    kinds.register(
        RECHECK,
        Case,
        label=gettext_lazy("Read the track again"),
        task="logistics.run_errand",
        check=_check_recheck,
        run=_recheck,
    )
    kinds.register(
        STOP_IN_HOUSE,
        Case,
        label=gettext_lazy("Stop it in the warehouse"),
        task="logistics.run_errand",
        check=_check_stop_in_house,
        run=_stop_in_house,
    )
