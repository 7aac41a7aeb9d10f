"""What a person asks of a payment channel, in the background: how a refund stands, whether a number can still pay."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.paying import funds, payouts, sending
from aftersales.refunds import policies
from aftersales.refunds.enums import SENT_STATES
from aftersales.refunds.models import Refund
from merchant.errands import kinds
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.shops.models import Shop

ASK, CONFIRM, TRY_FUNDS = "refund.ask", "refund.confirm_payout", "shop.try_funds"
ADOPT = "refund.adopt"


def submit_ask(refund: Refund, *, by: Actor) -> Errand:
    """查询渠道: have the channel asked how it stands. Raises Refused RIGHT, REFUND_STATE (nothing was sent)."""
    return errands.submit(ASK, refund, by=by)


def submit_confirmation(refund: Refund, *, by: Actor, shown: str | None = None) -> Errand:
    """线下打款, second person, once the channel said that the old number pays no more. `shown` is the payment's number
    the person read. Raises Refused RIGHT, SECOND_PERSON, REFUND_STATE, NO_PAYOUT, E16."""
    return errands.submit(CONFIRM, refund, by=by, shown=shown)


def submit_adoption(refund: Refund, *, by: Actor, number: str) -> Errand:
    """渠道后台已退: take a refund of the channel's console over, once the channel says that it is this money. `number`
    is that refund's. Raises Refused RIGHT, REFUND_STATE, REPLACED, PAYOUT."""
    return errands.submit(ADOPT, refund, by=by, number=number.strip())


def submit_try_funds(shop: Shop, channel: str, *, by: Actor) -> Errand:
    """Funds are back: have all that waited for them tried again. Raises Refused RIGHT, FUNDS (none waits)."""
    return errands.submit(TRY_FUNDS, shop, by=by, key=channel, channel=channel)


def _check_ask(refund: Refund, *, by: Actor) -> None:
    check_right(by, refund.shop_id, Right.RELEASE_REFUND)
    if refund.state not in SENT_STATES:
        raise policies.wrong_state(refund)


def _ask(refund: Refund, *, by: Actor) -> str:
    fresh = sending.ask_refund(refund, by=by)
    return _("The channel was asked: %(state)s.") % {"state": fresh.get_state_display()}


def _confirm(refund: Refund, *, by: Actor, shown: str | None) -> str:
    payouts.confirm_payout(refund, by=by, shown=shown)
    return _("Confirmed: paid offline.")


def _check_adoption(refund: Refund, *, by: Actor, number: str) -> None:
    policies.check_can_adopt(refund, by)


def _adopt(refund: Refund, *, by: Actor, number: str) -> str:
    payouts.adopt_refund(refund, by=by, number=number)
    return _("Taken over: the channel confirms that it is paid.")


def _check_try_funds(shop: Shop, *, by: Actor, channel: str) -> None:
    funds.check_can_try(shop, channel, by)


def _try_funds(shop: Shop, *, by: Actor, channel: str) -> str:
    tried = funds.try_all(shop, channel, by=by)
    told = {"asked": tried.asked, "paid": tried.paid, "waiting": tried.waiting, "later": tried.later}
    told["running"] = tried.moved
    said = _("%(asked)d asked: %(paid)d paid, %(running)d being paid, %(waiting)d still waiting for funds.") % told
    if tried.later:
        said += " " + _("%(later)d more are tried in the background now.") % told
    return said


def register() -> None:
    """Called once, when the process starts."""
    kinds.register(
        ASK,
        Refund,
        label=gettext_lazy("Ask the channel"),
        task="aftersales.run_errand",
        check=_check_ask,
        run=_ask,
    )
    kinds.register(
        CONFIRM,
        Refund,
        label=gettext_lazy("Confirm the payout"),
        task="aftersales.run_errand",
        check=policies.check_can_confirm_payout,
        run=_confirm,
    )
    kinds.register(
        ADOPT,
        Refund,
        label=gettext_lazy("Refunded in the channel's console"),
        task="aftersales.run_errand",
        check=_check_adoption,
        run=_adopt,
    )
    kinds.register(
        TRY_FUNDS,
        Shop,
        label=gettext_lazy("Funds are back: try them all again"),
        task="aftersales.run_errand",
        check=_check_try_funds,
        run=_try_funds,
    )
