"""What a scanned waybill means, as one full band in words. Looking changes nothing; the services say the same when the
scan is sent."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales.returns import policies
from aftersales.returns import services as returns
from aftersales.returns.enums import ReturnKind
from aftersales.returns.models import Inspection, ReturnParcel
from logistics.parcels.models import Package
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from orders.record.models import OrderLine

MOST = 5


@dataclass
class ScanResult:
    """One outcome. `kind` gives colour and drawing: ok, go (do something now), wait, bad, stop (must not leave)."""

    kind: str
    title: str
    text: str = ""
    package: Package | None = None
    parcel: ReturnParcel | None = None
    inspection: Inspection | None = None
    lines: list[tuple[OrderLine, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Which form stands under the band: "", receive, unannounced, unknown.
    form: str = ""


def warehouses_of(user: User) -> list[int]:
    """Ids of the shops whose parcels this person may take in."""
    return [shop for shop in shops_of(user) if can(user, shop, Right.RECEIVE_PARCEL)]


def candidates(user: User, waybill: str) -> list[Package]:
    """The parcels of this number in the person's shops, those that are expected first."""
    rows = Package.objects.visible_to(user).filter(waybill__in={waybill, waybill.upper()})
    found = list(rows.select_related("shop", "order", "order__buyer").order_by("-pk")[:MOST])
    return sorted(found, key=lambda package: policies.kind_of(package) is None)


def look(user: User, waybill: str, *, just: str = "") -> list[ScanResult]:
    """The bands of this number; `just` is the paper of the scan that was sent a moment ago."""
    packages = candidates(user, waybill)
    papers = ReturnParcel.objects.visible_to(user)
    papers = papers.select_related("received_by", "order", "shop", "inspection", "inspection__done_by", "package")
    if not packages:
        unknown = papers.filter(waybill__in={waybill, waybill.upper()}).first()
        return [_received(unknown, just) if unknown is not None else _unknown()]
    known = {paper.package_id: paper for paper in papers.filter(package__in=packages)}
    bands = [_of(package, known.get(package.pk), just) for package in packages]
    is_settled = bands[0].form in ("", "receive") and bands[0].kind != "bad"
    return bands[:1] if is_settled and len([band for band in bands if band.form == "receive"]) < 2 else bands


def _of(package: Package, paper: ReturnParcel | None, just: str) -> ScanResult:
    if paper is not None and paper.received_at is not None:
        return _received(paper, just)
    kind = policies.kind_of(package)
    if kind is None:
        return _unexpected(package)
    lines = returns.expected_lines(paper or ReturnParcel(package=package, order=package.order))
    title = {
        ReturnKind.STOPPED: _("Expected: stopped on the road"),
        ReturnKind.REFUSED: _("Expected: refused at the door"),
        ReturnKind.BUYER: _("Expected: the buyer's return"),
        ReturnKind.BENCH: _("Refunded, do not ship"),
    }[kind]
    is_bench = kind == ReturnKind.BENCH
    text = _("Scan it to put the goods back; the label is void.") if is_bench else _("Scan it to receive it.")
    return ScanResult(
        "stop" if is_bench else "go", title, text, package, paper, None, lines, _notes(package), "receive"
    )


def _received(paper: ReturnParcel, just: str) -> ScanResult:
    inspection = getattr(paper, "inspection", None)
    lines = returns.expected_lines(paper) if paper.order_id else []
    band = ScanResult("ok", "", "", paper.package, paper, inspection, lines, _notes(paper.package))
    name = paper.received_by or "–"
    if paper.kind == ReturnKind.BENCH:
        band.kind = "stop"
        band.title = _("Refunded, do not ship")
        band.text = _("The label is void. Put the goods back on the shelf: the stock has been raised.")
    elif paper.order_id is None:
        band.kind, band.title = "wait", _("Whose is it?")
        band.text = _("Nobody knows this number. It waits until somebody finds its order.")
    elif paper.number == just:
        band.title = {
            ReturnKind.STOPPED: _("Received: stopped on the road"),
            ReturnKind.REFUSED: _("Received: refused at the door"),
            ReturnKind.BUYER: _("Received: the buyer's return"),
        }.get(ReturnKind(paper.kind), _("Received"))
        band.text = _("Look inside now: Enter opens the inspection.")
    else:
        band.kind, band.title = "wait", _("Received before")
        band.text = _("By %(name)s. Nothing has changed.") % {"name": name}
    if inspection is not None and inspection.is_done:
        band.notes.append(
            _("Inspected by %(name)s: %(result)s.")
            % {"name": inspection.done_by or "–", "result": inspection.get_result_display()}
        )
    return band


def _unexpected(package: Package) -> ScanResult:
    why = policies.why_not_here(package)
    title = {
        "NOT_SENT": _("Still to be sent"),
        "HELD": _("Keep it here"),
        "TAKE_OUT": _("Take something out"),
        "PARCEL": _("The label is void"),
        "ON_THE_ROAD": _("Not expected here"),
        "UNANNOUNCED": _("Not announced"),
    }[why.code]
    takes_in = why.code in ("ON_THE_ROAD", "UNANNOUNCED")
    lines = returns.expected_lines(ReturnParcel(package=package, order=package.order))
    text = f"{why.message} " + ("" if takes_in else _("Nothing has changed."))
    kind = "wait" if why.code in ("UNANNOUNCED", "HELD") else "bad"
    return ScanResult(
        kind, title, text.strip(), package, None, None, lines, _notes(package), "unannounced" if takes_in else ""
    )


def _unknown() -> ScanResult:
    text = _(
        "No parcel of your shops has this number. If it is not ours, give it back to the courier; "
        "if it is, keep it, and somebody finds its order."
    )
    return ScanResult("bad", _("Unknown number"), text, form="unknown")


def _notes(package: Package | None) -> list[str]:
    """What makes this parcel only a part: other parcels of the order, other orders in the parcel."""
    if package is None:
        return []
    notes = []
    siblings = Package.objects.of_order(package.order_id).outbound().in_force().count()
    if package.direction != "inbound" and siblings > 1:
        notes.append(_("This order went out in %(count)d parcels; this is one of them.") % {"count": siblings})
    if package.order_count > 1:
        count = package.order_count
        notes.append(
            ngettext("It carries goods of %(count)d order.", "It carries goods of %(count)d orders.", count)
            % {"count": count}
        )
    return notes


def is_sent(band: ScanResult) -> bool:
    """Whether the scan itself receives the parcel, without another word."""
    return band.form == "receive" and band.package is not None


def context_of(user: User, waybill: str, just: str) -> dict[str, Any]:
    return {"waybill": waybill, "bands": look(user, waybill, just=just) if waybill else []}
