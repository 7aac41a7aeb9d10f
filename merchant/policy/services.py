from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.clock import scaled
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy.models import SETTINGS, TIMERS, Policy
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.trail import activity

# Written out: Django puts a statement of seventy columns together anew each time, which takes longer than reading it.
NEWEST = "SELECT * FROM merchant_policy WHERE shop_id = %s ORDER BY version DESC LIMIT 1"
NEWEST_OF = "SELECT DISTINCT ON (shop_id) * FROM merchant_policy WHERE shop_id = ANY(%s) ORDER BY shop_id, version DESC"

_read: ContextVar[dict[int, Policy] | None] = ContextVar("policies_read", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """For one short piece of work, a transaction at most: a shop's rules are read once, all of it goes by the same
    version. A piece of it goes by what the whole has read; the next one reads again."""
    if _read.get() is not None:
        yield
        return
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def current(shop: Any) -> Policy:
    """The shop's rules now (a Shop or its id); the defaults of docs/rules.md while it changed none."""
    shop_id = shop if isinstance(shop, int) else shop.pk
    known = _read.get()
    if known is None:
        return _newest(shop_id)
    if shop_id not in known:
        known[shop_id] = _newest(shop_id)
    return known[shop_id]


def _newest(shop_id: int) -> Policy:
    return next(iter(Policy.objects.raw(NEWEST, [shop_id])), None) or Policy(shop_id=shop_id)


def current_of(shop_ids: Iterable[int]) -> dict[int, Policy]:
    """The rules of several shops now, in one statement."""
    wanted = set(shop_ids)
    known = _read.get()
    found = {} if known is None else {shop_id: known[shop_id] for shop_id in wanted & known.keys()}
    if missing := wanted - found.keys():
        found |= {row.shop_id: row for row in Policy.objects.raw(NEWEST_OF, [sorted(missing)])}
        found |= {shop_id: Policy(shop_id=shop_id) for shop_id in missing - found.keys()}
        if known is not None:
            known |= found
    return found


def timer(rules: Policy, name: str) -> timedelta:
    """The length of a timer, named by its rule, on the running clock."""
    return scaled(timedelta(seconds=getattr(rules, TIMERS[name])))


@transaction.atomic
def change(shop: Shop, *, by: Actor, reason: str, **settings: Any) -> Policy:
    """Write a new version with these settings changed: fen, seconds; of switches only those named.

    Raises Refused RIGHT or POLICY (`detail["field"]` names the setting)."""
    check_right(by, shop, Right.EDIT_POLICY)
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    policy = _next_version(_newest(shop.pk), settings)
    policy.by, policy.reason = by, reason
    policy.save(force_insert=True)
    if {"agent_scope", "second_factor"} & settings.keys():
        Shop.objects.filter(pk=shop.pk).update(agent_scope=policy.agent_scope, second_factor=policy.second_factor)
    activity.record(shop, "policy.change", by=by, reason=reason, shop=shop, version=policy.version, changed=settings)
    return policy


def _next_version(before: Policy, changed: dict[str, Any]) -> Policy:
    """Raises Refused POLICY on the first value that cannot be a setting."""
    after = Policy(shop_id=before.shop_id, version=before.version + 1, **before.settings())
    for name, value in changed.items():
        if name not in SETTINGS:
            raise Refused("POLICY", _("There is no such setting."), field=name)
        held = getattr(before, name)
        if not _is_alike(value, held):
            raise Refused("POLICY", _("This setting does not hold such a value."), field=name)
        setattr(after, name, {**held, **value} if isinstance(value, dict) else value)
    try:
        after.clean_fields(exclude={"shop", "by", "effective_at"})
        after.clean()
    except ValidationError as error:
        name, why = next(iter(error.message_dict.items()))
        raise Refused("POLICY", why[0], field=name) from None
    return after


def _is_alike(value: Any, held: Any) -> bool:
    """Whether a value is of the kind a setting holds: words are no numbers, and a number is no switch."""
    if isinstance(value, list) and not all(isinstance(word, str) for word in value):
        return False
    if isinstance(value, bool) != isinstance(held, bool):
        return False
    return any(isinstance(value, kind) and isinstance(held, kind) for kind in (int, str, list, dict))
