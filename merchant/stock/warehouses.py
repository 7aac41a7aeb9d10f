"""Warehouses and the bins in them."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from merchant.locking import lock
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.regions import names
from merchant.stock import policies
from merchant.stock.models import Bin, Stock, Warehouse
from merchant.trail import activity


@transaction.atomic
def add_warehouse(shop_id: int, *, code: str, name: str, by: Actor, **facts: Any) -> Warehouse:
    """建仓: `facts` are place (province and city in words), address and priority. Raises Refused RIGHT, CODE, PLACE."""
    policies.check_can_keep(shop_id, by)
    code = code.strip()[:20]
    if not code or not name.strip():
        raise Refused("CODE", _("A warehouse has a code and a name."), field="code")
    warehouse, made = Warehouse.objects.get_or_create(
        shop_id=shop_id, code=code, defaults={"name": name.strip()[:60], **_facts(facts)}
    )
    if not made:
        raise Refused("CODE", _("%(code)s is a warehouse already: change that one.") % {"code": code}, field="code")
    activity.record(warehouse, "warehouse.add", by=by)
    return warehouse


@transaction.atomic
def change_warehouse(warehouse: Warehouse, *, by: Actor, is_active: bool | None = None, **facts: Any) -> Warehouse:
    """改仓库, or taking it out of use, which needs that nothing is reserved there. Raises Refused RIGHT, PLACE,
    WAREHOUSE."""
    policies.check_can_keep(warehouse.shop_id, by)
    warehouse = lock(warehouse)
    if is_active is False and Stock.objects.filter(warehouse=warehouse, reserved__gt=0).exists():
        raise Refused("WAREHOUSE", _("Orders have reserved goods there: move them to another warehouse first."))
    wanted = _facts(facts) | ({} if is_active is None else {"is_active": is_active})
    if "name" in facts and facts["name"].strip():
        wanted["name"] = facts["name"].strip()[:60]
    changed = [name for name, value in wanted.items() if getattr(warehouse, name) != value]
    for name in changed:
        setattr(warehouse, name, wanted[name])
    if changed:
        warehouse.save(update_fields=changed)
        activity.record(warehouse, "warehouse.change", by=by, fields=sorted(changed))
    return warehouse


@transaction.atomic
def set_bin_place(warehouse: Warehouse, *, code: str, path_order: int, by: Actor) -> Bin:
    """货位: where on the pickers' way a bin stands; a new one is made. Raises Refused RIGHT, BIN."""
    policies.check_can_work(warehouse.shop_id, by)
    code = code.strip()[:20]
    if not code or not 0 <= path_order <= 1_000_000:
        raise Refused("BIN", _("A bin has a code, and a place on the way from 0 to 1000000."), field="code")
    place, _made = Bin.objects.update_or_create(
        warehouse=warehouse, code=code, defaults={"shop_id": warehouse.shop_id, "path_order": path_order}
    )
    activity.record(warehouse, "warehouse.set_bin", by=by, bin=code, path_order=path_order)
    return place


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: facts[name] for name in ("address", "priority") if facts.get(name) is not None}
    if "address" in wanted:
        wanted["address"] = wanted["address"].strip()[:200]
    if "place" in facts:
        text = (facts["place"] or "").strip()
        found = names.locate(text) if text else frozenset()
        if text and len(found) != 1:
            raise Refused("PLACE", _("Write province and city, for example 浙江省杭州市."), field="place")
        place = next(iter(found), None)
        wanted |= {"province": place.province if place else "", "city": place.city if place else ""}
    return wanted
