"""Decisions about a case, one function a verb: the form in, one service call, the sentence that says what happened."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.decisions.eligibility import packages_of
from aftersales.returns import services as returns
from aftersales.team.views import CASE_VERBS
from logistics.tracking import services as tracking
from merchant.attachments.services import read_files
from merchant.money import fen
from merchant.refusals import Refused
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int


def shown_version(request: SignedInRequest) -> int:
    version = parse_int(request.POST.get("version", ""))
    if version is None:
        raise Refused("E16", _("The page did not say which version it showed; reload it."))
    return version


def _intercept(request: SignedInRequest, case: Case) -> str:
    cases.start_interception(case, by=request.user, shown_version=shown_version(request))
    return _("Sent to the courier. Accepted is not stopped: the refund waits for the result.")


def _withdraw(request: SignedInRequest, case: Case) -> str:
    cases.withdraw_interception(case, by=request.user)
    return _("The courier was asked to let the parcel go on.")


def _agree(request: SignedInRequest, case: Case) -> str:
    cases.agree_case(
        case, by=request.user, shown_version=shown_version(request), reason=request.POST.get("reason", "").strip()
    )
    return ""


def _refuse(request: SignedInRequest, case: Case) -> str:
    evidence = request.POST.get("evidence", "").strip()
    cases.refuse_case(
        case,
        by=request.user,
        shown_version=shown_version(request),
        reason=request.POST.get("reason", ""),
        evidence={"note": evidence} if evidence else None,
        files=read_files(request.FILES.getlist("photos"), allows_pdf=True),
    )
    return _("Refused. The buyer may call in the platform.")


def _recheck(request: SignedInRequest, case: Case) -> str:
    for package in packages_of(case.order):
        tracking.refresh_track(package, by=request.user)
    return _("The track was read again.")


def _stop_in_house(request: SignedInRequest, case: Case) -> str:
    cases.stop_in_house(case, by=request.user, shown_version=shown_version(request))
    return _("Taken off the bench; the label is void and the refund is on its way.")


def _propose(request: SignedInRequest, case: Case) -> str:
    try:
        amount = fen(request.POST.get("amount", ""))
    except ValueError:
        raise Refused("AMOUNT", _("Write the amount as yuan, for example 88.00.")) from None
    note = request.POST.get("note", "").strip()
    cases.propose_case(case, by=request.user, shown_version=shown_version(request), amount_fen=amount, note=note)
    return _("Offered. The buyer has the time of T-NEGO to answer.")


def _clear_alarm(request: SignedInRequest, case: Case) -> str:
    cases.clear_alarm(case, by=request.user, reason=request.POST.get("reason", ""))
    return _("Settled; the queue lets it go.")


def _ship_back(request: SignedInRequest, case: Case) -> str:
    returns.ship_back(
        case,
        courier=request.POST.get("courier", ""),
        waybill=request.POST.get("waybill", ""),
        by=request.user,
        shown_version=shown_version(request),
    )
    return _("Written down: the warehouse expects it.")


def _settle_return(request: SignedInRequest, case: Case) -> str:
    """So many units of each line, or an amount where one was written."""
    version, written = shown_version(request), request.POST.get("amount", "").strip()
    amount = None
    units: dict[int, int] = {}
    try:
        if written:
            amount = fen(written)
    except ValueError:
        raise Refused("AMOUNT", _("Write the amount as yuan, for example 88.00.")) from None
    for name in request.POST:
        kind, _dash, line = name.partition("-")
        value = request.POST.get(name, "").strip()
        if kind == "units" and (pk := parse_int(line)) is not None and value:
            count = parse_int(value)
            units[pk] = -1 if count is None else count
    cases.settle_return_case(
        case,
        by=request.user,
        shown_version=version,
        units=units,
        amount_fen=amount,
        reason=request.POST.get("reason", "").strip(),
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
