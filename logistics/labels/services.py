"""Printing what goes on parcels and into them: hundreds in one file, in the order they were picked (R2.20)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from logistics.labels.drawing import draw
from logistics.labels.papers import Line, Paper, PaperSize, Parcel, Party
from logistics.labels.policies import check_can_print
from logistics.parcels.models import Package
from merchant.carriers.registry import name_of
from merchant.people.models import Actor
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.trail.models import Activity
from merchant.vault import services as vault

# One file; more is a second press.
MOST = 500
PRINTED = "package.print"


@dataclass(frozen=True)
class Details:
    """What whoever packs a parcel knows better than its row. Left out, it is read from the parcel and its orders."""

    number: str = ""
    lines: Sequence[Line] | None = None
    sender: Party | None = None
    sort_code: str = ""
    site: str = ""
    remark: str = ""


def print_parcels(
    packages: Sequence[Package],
    *,
    by: Actor,
    size: PaperSize = PaperSize.LARGE,
    paper: Paper = Paper.LABEL,
    details: Mapping[int, Details] | None = None,
) -> bytes:
    """打印: one PDF of these parcels' papers, in their order. `details` by parcel id. The recipients are opened through
    the vault, each on record (PII-LABEL); the second time a label says that it is a reprint.

    Raises Refused RIGHT, PARCEL (of the first parcel that cannot be printed), PRINT (none, or more than 500)."""
    if not packages:
        raise Refused("PRINT", _("Choose the parcels to print."))
    if len(packages) > MOST:
        raise Refused("PRINT", _("Print at most %(most)d parcels at once.") % {"most": MOST}, most=MOST)
    for package in packages:
        check_can_print(package, by=by)
    prefetch_related_objects(
        packages, "shop", "order__recipient", "lines__order", "lines__order_line__listing", "lines__order_line__order"
    )
    held = [(package, recipient) for package in packages if (recipient := package.order.recipient) is not None]
    opened = vault.open_for_labels(by, [(recipient, package.order.number) for package, recipient in held])
    whom = {
        package.pk: Party(one.name, one.phone, one.address) for (package, _row), one in zip(held, opened, strict=True)
    }
    again = _printed(packages)
    parcels = [
        _parcel(package, whom.get(package.pk), (details or {}).get(package.pk, Details()), package.pk in again)
        for package in packages
    ]
    body = draw(parcels, size=size, paper=paper)
    with transaction.atomic(), activity.together():
        for package in packages:
            activity.record(package, PRINTED, by=by, size=str(size), paper=str(paper))
    return body


def _printed(packages: Sequence[Package]) -> set[int]:
    rows = Activity.objects.filter(subject_kind="package", subject_id__in=[package.pk for package in packages])
    return set(rows.filter(verb=PRINTED).values_list("subject_id", flat=True))


def _parcel(package: Package, recipient: Party | None, known: Details, is_reprint: bool) -> Parcel:
    lines: Any = list(package.lines.all())
    numbers = dict.fromkeys([package.order.number, *(line.order.number for line in lines)])
    return Parcel(
        waybill=package.waybill,
        courier=str(name_of(package.courier)),
        recipient=recipient or Party("", "", ""),
        sender=known.sender or Party(package.shop.name, "", package.sender_city),
        number=known.number,
        order_numbers=tuple(numbers),
        lines=known.lines if known.lines is not None else tuple(_line(line) for line in lines),
        sort_code=known.sort_code,
        site=known.site,
        remark=known.remark,
        shop=package.shop.name,
        is_reprint=is_reprint,
    )


def _line(line: Any) -> Line:
    order_line = line.order_line
    return Line(order_line.listing.sku_code, order_line.title, line.quantity, order_line.spec)
