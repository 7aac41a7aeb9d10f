"""Whose customer a buyer is (R3.56). Agents keep customers; everybody else sees them by team or shop anyway."""

from typing import Any

from django.db import transaction

from merchant.locking import lock
from merchant.people.models import Actor, Scope
from merchant.people.rights import membership_of
from merchant.trail import activity
from orders.buyers import policies
from orders.buyers.models import Buyer


def hold(buyer_id: int | None) -> None:
    """Inside a transaction: nobody else changes this customer's keeper until it ends."""
    if buyer_id is not None:
        Buyer.objects.select_for_update(no_key=True).filter(pk=buyer_id).values_list("pk").first()


def keep_if_free(buyer_id: int | None, *, by: Actor) -> None:
    """The first of a customer's work somebody takes makes them its keeper; one guarded statement, so two never both."""
    if buyer_id is None:
        return
    shop_id = Buyer.objects.filter(pk=buyer_id, account_owner__isnull=True).values_list("shop_id", flat=True).first()
    if shop_id is None:
        return
    membership = membership_of(by, shop_id)
    if membership is not None and membership.role.scope == Scope.OWN:
        Buyer.objects.filter(pk=buyer_id, account_owner__isnull=True).update(account_owner=by)


def move_account_owner(buyer_id: int, *, to: Any) -> None:
    """With the work goes the customer; the trail of the work says who and why."""
    Buyer.objects.filter(pk=buyer_id).update(account_owner=to)


@transaction.atomic
def change_account_owner(buyer: Buyer, *, to: Any, by: Actor, reason: str) -> Buyer:
    """Raises Refused RIGHT, MEMBER, SAME, REASON."""
    buyer = lock(buyer)
    policies.check_can_change_account_owner(buyer, by, to=to, reason=reason)
    before, buyer.account_owner = buyer.account_owner_id, to
    buyer.save(update_fields=["account_owner"])
    given = {"to": to.pk, "to_name": str(to)} if to is not None else {}
    activity.record(buyer, "buyer.change_account_owner", by=by, reason=reason, was=before, **given)
    return buyer
