"""The catalogue's verbs: a product is made when it is first met or by a person, and kept by people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from merchant.catalog import policies
from merchant.catalog.models import BundlePart, Sku, SkuBarcode
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity

# What people may say of a product, beside its code, cost price, barcodes and parts.
FACTS = (
    "title",
    "spec",
    "category",
    "list_price_fen",
    "floor_fen",
    "ceiling_fen",
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "is_fragile",
    "presale_date",
    "low_at",
)
MOST_BARCODES, MOST_PARTS = 20, 50


def ensure_sku(shop_id: int, *, code: str, title: str, spec: str = "") -> Sku:
    """The product of this merchant code, made where it is missing; a known one keeps its title."""
    sku, made = Sku.objects.get_or_create(
        shop_id=shop_id, code=code[:80], defaults={"title": title[:300], "spec": spec[:300]}
    )
    if made:
        activity.record(sku, "sku.make", by=None)
    return sku


def sku_of_scan(shop_id: int, text: str) -> Sku | None:
    """The product a scanned text means: one of its barcodes, else its merchant code."""
    found = SkuBarcode.objects.filter(shop_id=shop_id, code=text.strip()).select_related("sku").first()
    return found.sku if found is not None else Sku.objects.filter(shop_id=shop_id, code=text.strip()).first()


@transaction.atomic
def add_sku(shop_id: int, *, code: str, by: Actor, barcodes: Iterable[str] = (), **facts: Any) -> Sku:
    """建商品. Raises Refused RIGHT, SKU (no code or title, or the code is taken), BARCODE."""
    policies.check_can_edit(shop_id, by)
    policies.check_facts({"title": "", **facts})
    code = code.strip()[:80]
    if not code:
        raise Refused("SKU", _("Give the product a merchant code."), field="code")
    sku, made = Sku.objects.get_or_create(shop_id=shop_id, code=code, defaults=facts)
    if not made:
        raise Refused("SKU", _("%(code)s is a product already: change that one.") % {"code": code}, field="code")
    set_barcodes(sku, barcodes)
    activity.record(sku, "sku.make", by=by)
    return sku


@transaction.atomic
def change_sku(sku: Sku, *, by: Actor, barcodes: Iterable[str] | None = None, **facts: Any) -> Sku:
    """改商品: only what is named (FACTS). Raises Refused RIGHT, SKU, BARCODE."""
    policies.check_can_edit(sku.shop_id, by)
    sku = lock(sku)
    merged = {name: getattr(sku, name) for name in FACTS} | facts
    policies.check_facts(merged)
    changed = {name: value for name, value in facts.items() if getattr(sku, name) != value}
    for name, value in changed.items():
        setattr(sku, name, value)
    if changed:
        sku.save(update_fields=list(changed))
    moved = barcodes is not None and set_barcodes(sku, barcodes)
    if changed or moved:
        activity.record(sku, "sku.change", by=by, fields=sorted([*changed, *(["barcodes"] if moved else [])]))
    return sku


def set_barcodes(sku: Sku, barcodes: Iterable[str]) -> bool:
    """These are the product's barcodes and no others; whether that is a change. Raises Refused BARCODE: another product
    of the shop has one of them."""
    wanted = {text.strip()[:40] for text in barcodes if text.strip()}
    if len(wanted) > MOST_BARCODES:
        raise Refused(
            "BARCODE", _("A product has at most %(most)d barcodes.") % {"most": MOST_BARCODES}, field="barcodes"
        )
    held = set(sku.barcodes.values_list("code", flat=True))
    if wanted == held:
        return False
    taken = SkuBarcode.objects.filter(shop_id=sku.shop_id, code__in=wanted - held).select_related("sku").first()
    if taken is not None:
        raise Refused(
            "BARCODE",
            _("%(barcode)s is on %(sku)s already: a scan must mean one product.")
            % {"barcode": taken.code, "sku": taken.sku.code},
            field="barcodes",
        )
    sku.barcodes.filter(code__in=held - wanted).delete()
    SkuBarcode.objects.bulk_create(
        SkuBarcode(shop_id=sku.shop_id, sku=sku, code=code) for code in sorted(wanted - held)
    )
    return True


@transaction.atomic
def set_parts(sku: Sku, *, parts: Mapping[str, int] | Sequence[tuple[str, int]], by: Actor) -> Sku:
    """组合装: what is in one unit of it, {merchant code: quantity}; nothing makes it a plain product again. Raises
    Refused RIGHT, BUNDLE (unknown part, itself, a bundle as part, a part of another bundle, or it lies on a shelf)."""
    policies.check_can_edit(sku.shop_id, by)
    sku = lock(sku)
    wanted = dict(parts)
    found = {row.code: row for row in Sku.objects.filter(shop_id=sku.shop_id, code__in=wanted)}
    _check_parts(sku, wanted, found)
    before = {row.part.code: row.quantity for row in sku.parts.select_related("part")}
    if before != wanted:
        sku.parts.all().delete()
        BundlePart.objects.bulk_create(
            BundlePart(shop_id=sku.shop_id, bundle=sku, part=found[code], quantity=quantity)
            for code, quantity in wanted.items()
        )
        activity.record(sku, "sku.set_parts", by=by, before=before, parts=wanted)
    return sku


def _check_parts(sku: Sku, wanted: Mapping[str, int], found: Mapping[str, Sku]) -> None:
    if not wanted:
        return
    if len(wanted) > MOST_PARTS or any(not 0 < quantity <= 1000 for quantity in wanted.values()):
        raise Refused("BUNDLE", _("A bundle has up to 50 kinds of parts, of each 1 to 1000."), field="parts")
    unknown = [code for code in wanted if code not in found]
    if unknown:
        raise Refused("BUNDLE", _("There is no product %(code)s.") % {"code": unknown[0]}, field="parts")
    if sku.code in wanted or BundlePart.objects.filter(bundle__in=[row.pk for row in found.values()]).exists():
        raise Refused("BUNDLE", _("A part is a plain product, no bundle and not the bundle itself."), field="parts")
    if sku.in_bundles.exists():
        raise Refused("BUNDLE", _("It is a part of a bundle itself."), field="parts")
    if sku.stocks.filter(on_hand__gt=0).exists():
        raise Refused("BUNDLE", _("Units of it lie on the shelves: adjust them to none first."), field="parts")


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
