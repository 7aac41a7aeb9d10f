from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction

from merchant.clock import scaled
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.policy import schema
from merchant.policy.models import Policy
from merchant.policy.schema import ShopPolicy
from merchant.shops.models import Shop
from merchant.trail import activity

_read: ContextVar[dict[int, ShopPolicy] | None] = ContextVar("policies_read", default=None)


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


def current(shop: Any) -> ShopPolicy:
    """The shop's rules now (a Shop or its id); the defaults of docs/rules.md while it changed none."""
    shop_id = shop if isinstance(shop, int) else shop.pk
    known = _read.get()
    if known is None:
        return _newest(shop_id)
    if shop_id not in known:
        known[shop_id] = _newest(shop_id)
    return known[shop_id]


def _newest(shop_id: int) -> ShopPolicy:
    row = Policy.objects.filter(shop_id=shop_id).order_by("-version").first()
    return ShopPolicy() if row is None else schema.read(row.body, version_id=row.pk, version=row.version)


def current_of(shop_ids: Iterable[int]) -> dict[int, ShopPolicy]:
    """The rules of several shops now, in one statement."""
    wanted = set(shop_ids)
    known = _read.get()
    found = {} if known is None else {shop_id: known[shop_id] for shop_id in wanted & known.keys()}
    if missing := wanted - found.keys():
        rows = Policy.objects.filter(shop_id__in=missing).order_by("shop_id", "-version").distinct("shop_id")
        found |= dict.fromkeys(missing, ShopPolicy())
        found |= {row.shop_id: schema.read(row.body, version_id=row.pk, version=row.version) for row in rows}
        if known is not None:
            known |= found
    return found


def version_of(policy_id: int | None) -> ShopPolicy:
    """The rules as they were in one version; the defaults when none was stored then."""
    row = None if policy_id is None else Policy.objects.filter(pk=policy_id).first()
    return ShopPolicy() if row is None else schema.read(row.body, version_id=row.pk, version=row.version)


def timer(rules: ShopPolicy, name: str) -> timedelta:
    """The length of a timer on the running clock."""
    return scaled(schema.timer_length(rules, name))


@transaction.atomic
def change(shop: Shop, *, by: Actor, reason: str, **settings: Any) -> ShopPolicy:
    """Write a new version with these settings changed. Raises Refused RIGHT or POLICY (`detail["field"]` names it)."""
    check_right(by, shop, Right.EDIT_POLICY)
    schema.check(settings)
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    before = _newest(shop.pk)
    body = {name: value for name, value in asdict(before).items() if name in schema.OWN_FIELDS}
    for name, value in settings.items():
        body[name] = {**body[name], **value} if isinstance(value, dict) else value
    if "agent_scope" in settings:
        Shop.objects.filter(pk=shop.pk).update(agent_scope=settings["agent_scope"])
    row = Policy.objects.create(shop=shop, version=before.version + 1, body=body, by=by, reason=reason)
    activity.record(shop, "policy.change", by=by, reason=reason, shop=shop, version=row.version, changed=settings)
    return schema.read(row.body, version_id=row.pk, version=row.version)
