from collections.abc import Mapping
from typing import Any

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


def check_can_edit(shop_id: int, by: Actor) -> None:
    """Raise Refused RIGHT: products are the warehouse's and the owner's to keep."""
    check_right(by, shop_id, Right.EDIT_CATALOG)


def check_facts(facts: Mapping[str, Any]) -> None:
    """What is said of a product fits together. Raises Refused SKU; `field` names what is wrong."""
    if "title" in facts and not facts["title"]:
        raise Refused("SKU", _("Give the product a title."), field="title")
    for name in ("floor_fen", "ceiling_fen", "list_price_fen"):
        if facts.get(name) is not None and not 0 <= facts[name] <= MOST:
            raise Refused("SKU", _("A price is zero or more."), field=name)
    floor, ceiling = facts.get("floor_fen"), facts.get("ceiling_fen")
    if floor is not None and ceiling is not None and floor > ceiling:
        raise Refused("SKU", _("The floor price is above the ceiling price."), field="floor_fen")
