"""Who may say whose customer a buyer is."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.people.rights import Right, check_may_get_work, check_right
from merchant.refusals import Refused
from orders.buyers.models import Buyer


def check_can_change_account_owner(buyer: Buyer, user: Any, *, to: Any = None, reason: str | None = None) -> None:
    """Whoever hands out work; with `reason` also that `to` (None: nobody) is a change and may be given work."""
    check_right(user, buyer.shop_id, Right.ASSIGN_WORK)
    if reason is None:
        return
    if to is not None:
        check_may_get_work(to, buyer.shop_id)
    if (to.pk if to is not None else None) == buyer.account_owner_id:
        raise Refused("SAME", _("That is so already."))
    if not reason.strip():
        raise Refused("REASON", _("Say why, so that the next person knows."))
