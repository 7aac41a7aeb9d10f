"""The rules of assignment of a shop: added, put in another order, taken away."""

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.trail import activity
from orders.assignment.models import AssignmentRule

MOST = 50


@transaction.atomic
def add_rule(shop: Shop, *, by: Actor, **values: Any) -> AssignmentRule:
    """At the end of the shop's rules. Raises Refused RIGHT or RULES (too many)."""
    check_right(by, shop, Right.EDIT_POLICY)
    rows = _held(shop)
    if len(rows) >= MOST:
        raise Refused("RULES", _("A shop has at most %(most)s rules of assignment.") % {"most": MOST})
    last = AssignmentRule.objects.filter(shop=shop).aggregate(last=Max("position"))["last"] or 0
    rule = AssignmentRule.objects.create(shop=shop, position=last + 1, **values)
    activity.record(shop, "assignment_rule.add", by=by, shop=shop, name=rule.name)
    return rule


@transaction.atomic
def raise_rule(rule: AssignmentRule, *, by: Actor) -> None:
    """One place further to the front; the first stays. Raises Refused RIGHT."""
    check_right(by, rule.shop_id, Right.EDIT_POLICY)
    rows = _held(rule.shop)
    place = next(at for at, row in enumerate(rows) if row.pk == rule.pk)
    if place:
        before, mine = rows[place - 1], rows[place]
        before.position, mine.position = mine.position, before.position
        AssignmentRule.objects.bulk_update([before, mine], ["position"])
        activity.record(rule.shop, "assignment_rule.raise", by=by, shop=rule.shop, name=rule.name)


@transaction.atomic
def remove_rule(rule: AssignmentRule, *, by: Actor) -> None:
    """Orders that were given to somebody by it keep their reason. Raises Refused RIGHT."""
    check_right(by, rule.shop_id, Right.EDIT_POLICY)
    activity.record(rule.shop, "assignment_rule.remove", by=by, shop=rule.shop, name=rule.name)
    rule.delete()


def _held(shop: Shop) -> list[AssignmentRule]:
    """The shop's rules in order; two who change them at once wait for each other."""
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    return list(AssignmentRule.objects.filter(shop=shop).order_by("position"))
