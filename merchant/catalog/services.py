"""The catalogue's verbs: a product is made when it is first met, and its cost price is entered by a person."""

from django.db import transaction

from merchant.catalog import policies
from merchant.catalog.models import Sku
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.trail import activity


def ensure_sku(shop_id: int, *, code: str, title: str, spec: str = "") -> Sku:
    """The product of this merchant code, made where it is missing; a known one keeps its title."""
    sku, made = Sku.objects.get_or_create(
        shop_id=shop_id, code=code[:80], defaults={"title": title[:300], "spec": spec[:300]}
    )
    if made:
        activity.record(sku, "sku.make", by=None)
    return sku


@transaction.atomic
def set_cost(sku: Sku, *, cost_fen: int, by: Actor) -> Sku:
    """The cost price of a unit, from now on; what was booked before keeps its figure. Raises Refused RIGHT, AMOUNT."""
    policies.check_can_set_cost(sku, by, cost_fen=cost_fen)
    sku = lock(sku)
    before = sku.cost_fen
    if before != cost_fen:
        sku.cost_fen = cost_fen
        sku.save()
        activity.record(sku, "sku.set_cost", by=by, before_fen=before, cost_fen=cost_fen)
    return sku
