"""What a person asks of a channel about its statements, in the background: a day's statement, one refund of ours."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.statements import pulling, services
from aftersales.statements.models import Difference
from merchant.errands import kinds
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.people.models import Actor
from merchant.shops.models import PlatformAccount

PULL, ASK = "statement.pull", "difference.ask"


def submit_pull(account: PlatformAccount, day: date, *, by: Actor) -> Errand:
    """Have one day's statement fetched. Raises Refused RIGHT, DAY (not over yet)."""
    return errands.submit(PULL, account, by=by, key=day.isoformat(), day=day.isoformat())


def submit_ask(difference: Difference, *, by: Actor) -> Errand:
    """Have the channel asked about our refund. Raises Refused RIGHT, DIFFERENCE, REFUND_STATE."""
    return errands.submit(ASK, difference, by=by)


def _check_pull(account: PlatformAccount, *, by: Actor, day: str) -> None:
    pulling.check_can_pull(account, date.fromisoformat(day), by)


def _pull(account: PlatformAccount, *, by: Actor, day: str) -> str:
    found = pulling.pull_statement(account, date.fromisoformat(day), by=by)
    if found is None:
        return _("The statement of %(day)s is here already.") % {"day": day}
    return _("The statement of %(day)s was fetched: %(count)s rows.") % {"day": day, "count": found.row_count}


def _check_ask(difference: Difference, *, by: Actor) -> None:
    services.check_can_ask(difference, by)


def _ask(difference: Difference, *, by: Actor) -> str:
    fresh = services.ask_difference(difference, by=by)
    return _("The channel was asked: %(state)s.") % {"state": fresh.get_state_display()}


def register() -> None:
    """Called once, when the process starts."""
    kinds.register(
        PULL,
        PlatformAccount,
        label=gettext_lazy("Fetch a statement"),
        task="aftersales.pull_statement",
        check=_check_pull,
        run=_pull,
    )
    kinds.register(
        ASK,
        Difference,
        label=gettext_lazy("Ask the channel"),
        task="aftersales.run_errand",
        check=_check_ask,
        run=_ask,
    )
