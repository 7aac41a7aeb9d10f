"""撤销 in the background: the courier is asked by a worker, and its answer stands beside the interception."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.interception import policies, services
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from merchant.errands import kinds
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.people.models import Actor

WITHDRAW = "interception.withdraw"


def submit_withdrawal(interception: Interception, *, by: Actor) -> Errand:
    """Have the request taken back at the courier. Raises Refused RIGHT, INT-STATE, INT-CANCEL (it has no such call)."""
    return errands.submit(WITHDRAW, interception, by=by)


def _run(interception: Interception, *, by: Actor) -> str:
    row = services.withdraw_interception(interception, by=by)
    if row.state == InterceptionState.WITHDRAWN:
        return _("The courier lets the parcel go on.")
    return _("Its result came first: %(state)s.") % {"state": row.get_state_display()}


def register() -> None:
    """Called once, when the process starts."""
    kinds.register(
        WITHDRAW,
        Interception,
        label=gettext_lazy("Withdraw the interception at the courier"),
        task="logistics.run_errand",
        check=policies.check_can_withdraw,
        run=_run,
    )
