"""What the packer is told before closing a box: which material fits (R2.18) and what it should weigh."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from logistics.fulfilment import goods
from logistics.fulfilment.models import ConsignmentLine
from logistics.fulfilment.rule_models import PackingMaterial

# Goods never fill a box to the last corner.
FILLED = 0.8
# What a scale and a roll of tape may add, whatever the percentage says.
LEAST_TOLERANCE_G = 30


@dataclass(frozen=True)
class Hint:
    """The smallest material that fits, None where none does or nothing is known; `sentence` says why."""

    material: PackingMaterial | None
    sentence: str
    is_fragile: bool


def hint_of(lines: Sequence[ConsignmentLine], materials: Sequence[PackingMaterial]) -> Hint:
    """For the lines that stay in the box, products read with them."""
    fragile, grams, volume = goods.is_fragile(lines), goods.weight_of(lines), goods.volume_of(lines)
    if not materials:
        return Hint(None, _("The shop has named no packing material."), fragile)
    if grams is None or volume is None:
        return Hint(None, _("Size or weight of a product is not known: choose by eye."), fragile)
    fitting = [
        one
        for one in sorted(materials, key=lambda one: (one.most_cm3, one.pk))
        if one.most_cm3 * FILLED >= volume and one.most_g >= grams and (one.is_protective or not fragile)
    ]
    if not fitting:
        return Hint(None, _("Nothing here is large or strong enough: use two boxes."), fragile)
    told = {"volume": volume, "grams": grams, "name": fitting[0].name}
    if fragile:
        return Hint(fitting[0], _("Fragile, %(volume)d cm³, %(grams)d g: %(name)s protects it.") % told, True)
    return Hint(fitting[0], _("%(volume)d cm³, %(grams)d g: %(name)s is the smallest that fits.") % told, False)


def expected_g(lines: Sequence[ConsignmentLine], material: PackingMaterial | None) -> int | None:
    """Grams of goods and material; None where a product's weight is not known."""
    grams = goods.weight_of(lines)
    return None if grams is None else grams + (material.own_g if material else 0)


def is_far_off(weight_g: int, expected: int | None, percent: int) -> bool:
    """Whether a weight differs by more than P-WEIGHT-TOLERANCE allows; of an unknown one nobody can say."""
    if expected is None:
        return False
    return abs(weight_g - expected) > max(LEAST_TOLERANCE_G, expected * percent / 100)


def materials_of(shop_id: int) -> list[PackingMaterial]:
    rows: Any = PackingMaterial.objects.filter(shop_id=shop_id).order_by("most_cm3", "pk")
    return list(rows)
