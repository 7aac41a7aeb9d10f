"""Decisions about a case, one function a verb: the form in, one service call, the sentence that says what happened."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from aftersales.cases.models import Case
from aftersales.decisions import errands
from aftersales.decisions import services as cases
from aftersales.decisions.forms import (
    AgreeForm,
    ProposeForm,
    RefuseForm,
    SettleReturnForm,
    ShownForm,
)
from aftersales.refunds.enums import RefundState
from aftersales.returns import services as returns
from aftersales.returns.forms import ShipBackForm
from aftersales.team.views import CASE_VERBS
from cs_workbench.cases.action import refund_of
from merchant.attachments.services import read_files
from merchant.ui.access import SignedInRequest
from merchant.ui.forms import ReasonGivenForm


def _intercept(request: SignedInRequest, case: Case) -> str:
    typed = ShownForm(request.POST).checked()
    cases.intercept_case(case, by=request.user, shown_version=typed["version"])
    return _("Sent to the courier. Accepted is not stopped: the refund waits for the result.")


def _withdraw(request: SignedInRequest, case: Case) -> str:
    errands.withdraw_interception(case, by=request.user)
    return ""


def _agree(request: SignedInRequest, case: Case) -> str:
    typed = AgreeForm(request.POST).checked()
    agreed = cases.agree_case(case, by=request.user, shown_version=typed["version"], reason=typed["reason"])
    refund = refund_of(agreed)
    if refund is None:
        return _("Agreed.")
    if refund.state == RefundState.CREATED:
        return _("Submitted: a second person approves it before any money moves.")
    if refund.waits_for_finance:
        return _("Agreed: finance releases the refund.")
    return _("Agreed: the refund is on its way.")


def _refuse(request: SignedInRequest, case: Case) -> str:
    typed = RefuseForm(request.POST).checked()
    cases.refuse_case(
        case,
        by=request.user,
        shown_version=typed["version"],
        reason=typed["reason"],
        evidence=typed["evidence"],
        files=read_files(request.FILES.getlist("photos"), allows_pdf=True),
    )
    return _("Refused. The buyer may call in the platform.")


def _recheck(request: SignedInRequest, case: Case) -> str:
    errands.submit_recheck(case, by=request.user)
    return ""


def _stop_in_house(request: SignedInRequest, case: Case) -> str:
    shown_version = ShownForm(request.POST).checked()["version"]
    errands.submit_stop_in_house(case, by=request.user, shown_version=shown_version)
    return ""


def _propose(request: SignedInRequest, case: Case) -> str:
    typed = ProposeForm(request.POST).checked()
    cases.propose_case(
        case, by=request.user, shown_version=typed["version"], amount_fen=typed["amount"], note=typed["note"]
    )
    return _("Offered. The buyer may answer now.")


def _clear_alarm(request: SignedInRequest, case: Case) -> str:
    cases.clear_alarm(case, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("Settled; the queue lets it go.")


def _ship_back(request: SignedInRequest, case: Case) -> str:
    typed = ShipBackForm(request.POST).checked()
    returns.ship_back(
        case, courier=typed["courier"], waybill=typed["waybill"], by=request.user, shown_version=typed["version"]
    )
    return _("Written down: the warehouse expects it.")


def _settle_return(request: SignedInRequest, case: Case) -> str:
    """So many units of each line, or an amount where one was written."""
    form = SettleReturnForm(request.POST)
    typed = form.checked()
    cases.settle_return_case(
        case,
        by=request.user,
        shown_version=typed["version"],
        units=form.units(),
        amount_fen=typed["amount"],
        reason=typed["reason"],
    )
    return _("Agreed: the refund is on its way, or waits for a second person.")


VERBS: dict[str, Callable[[SignedInRequest, Case], str]] = {
    "ship-back": _ship_back,
    "settle-return": _settle_return,
    "stop-in-house": _stop_in_house,
    "propose": _propose,
    "clear-alarm": _clear_alarm,
    "intercept": _intercept,
    "withdraw": _withdraw,
    "agree": _agree,
    "refuse": _refuse,
    "recheck": _recheck,
    **CASE_VERBS,
}
