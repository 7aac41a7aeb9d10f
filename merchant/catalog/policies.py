from django.utils.translation import gettext as _

from merchant.catalog.models import Sku
from merchant.money import MOST
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused


def check_can_set_cost(sku: Sku, by: Actor, *, cost_fen: int | None = None) -> None:
    """Cost prices are finance's and the owner's: they become losses and claims."""
    check_right(by, sku.shop_id, Right.EDIT_COST)
    if cost_fen is not None and not 0 <= cost_fen <= MOST:
        raise Refused("AMOUNT", _("A cost price is zero or more."), cost_fen=cost_fen)
