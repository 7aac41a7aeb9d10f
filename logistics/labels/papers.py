"""What stands on a parcel's papers, as plain values: whoever prints fills them, the drawing knows no rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class PaperSize(models.TextChoices):
    """The rolls that thermal printers of warehouses take, millimetres."""

    LARGE = "100x150", _("100 × 150 mm")
    SMALL = "76x130", _("76 × 130 mm")

    @property
    def millimetres(self) -> tuple[int, int]:
        width, height = self.value.split("x")
        return int(width), int(height)


class Paper(models.TextChoices):
    """What is printed of each parcel; both means each label with its slip behind it."""

    LABEL = "label", _("labels")
    SLIP = "slip", _("packing slips")
    BOTH = "both", _("labels and packing slips")


@dataclass(frozen=True)
class Party:
    """Who sends or receives, as it is to be printed: in plain or masked is the caller's business."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True)
class Line:
    """Units of one product in the box."""

    code: str
    name: str
    quantity: int
    spec: str = ""
    bin: str = ""


@dataclass(frozen=True)
class Parcel:
    """One box. `sort_code` is the courier's big mark (大头笔), `site` where its bag goes (集包地); both come with an
    e-waybill and are "" without one. `number` is the box's own, which the slip carries as a code to scan."""

    waybill: str
    courier: str
    recipient: Party
    sender: Party
    number: str = ""
    order_numbers: Sequence[str] = ()
    lines: Sequence[Line] = ()
    sort_code: str = ""
    site: str = ""
    remark: str = ""
    shop: str = ""
    is_reprint: bool = False

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)
