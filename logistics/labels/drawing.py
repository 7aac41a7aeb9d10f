"""面单 and 装箱单 as one PDF: one page a label, as many as it takes a slip, in the order given (R2.20)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from reportlab.lib.units import mm

from logistics.labels.canvas import LEADING, Page, fit, printable, wrap
from logistics.labels.papers import Line, Paper, PaperSize, Parcel, Party


@dataclass(frozen=True)
class Layout:
    """Heights of a label's parts from the top down, and sizes of type: millimetres and points."""

    margin: float
    header: float
    sort_code: float
    site: float
    barcode: float
    recipient: float
    sender: float
    qr: float
    name_pt: float
    sort_pt: float
    body_pt: float


LAYOUTS = {
    PaperSize.LARGE: Layout(4, 11, 18, 8, 23, 31, 16, 24, 13, 40, 9),
    PaperSize.SMALL: Layout(3, 9, 15, 7, 21, 27, 15, 20, 12, 32, 8),
}


def draw(parcels: Sequence[Parcel], *, size: PaperSize = PaperSize.LARGE, paper: Paper = Paper.LABEL) -> bytes:
    """The papers of these parcels. Couriers and buyers read them, so they are in the house's language, not in that of
    whoever prints. Raises ValueError for none, or for a waybill that is not plain letters and digits."""
    if not parcels:
        raise ValueError("nothing to print")
    bad = next((parcel.waybill for parcel in parcels if not parcel.waybill.isascii() or not parcel.waybill), None)
    if bad is not None:
        raise ValueError(f"not a waybill: {bad!r}")
    page = Page(size.millimetres)
    page.canvas.setTitle(_("Labels"))
    with translation.override(settings.LANGUAGE_CODE):
        for position, parcel in enumerate(parcels, start=1):
            place = f"{position}/{len(parcels)}"
            if paper != Paper.SLIP:
                _label(page, LAYOUTS[size], parcel, place)
            if paper != Paper.LABEL:
                _slip(page, LAYOUTS[size], parcel, place)
    return page.pdf()


# --- label ------------------------------------------------------------------------------------------------------------


def _label(page: Page, layout: Layout, parcel: Parcel, place: str) -> None:
    left, right = layout.margin, page.width - layout.margin
    width, top = right - left, layout.margin
    page.text(parcel.courier, (left, top + 1, width * 0.62, layout.header - 2), most=18, is_bold=True)
    mark = " ".join(filter(None, (_("reprint") if parcel.is_reprint else "", place)))
    page.text(mark, (left + width * 0.64, top + 1, width * 0.36, layout.header - 2), most=9, align="right")
    top = _rule(page, layout, top + layout.header)
    if parcel.sort_code:
        page.text(
            parcel.sort_code, (left, top, width, layout.sort_code), most=layout.sort_pt, is_bold=True, align="centre"
        )
        top = _rule(page, layout, top + layout.sort_code)
    if parcel.site:
        page.text(parcel.site, (left, top + 0.5, width, layout.site - 1), most=16, is_bold=True, align="centre")
        top = _rule(page, layout, top + layout.site)
    page.barcode(parcel.waybill, (left, top + 1.5, width, layout.barcode - 2))
    top = _rule(page, layout, top + layout.barcode)
    _party(
        page,
        (left, top, width, layout.recipient),
        pgettext("on a label", "To"),
        parcel.recipient,
        layout.name_pt,
        is_bold=True,
    )
    top = _rule(page, layout, top + layout.recipient)
    _party(page, (left, top, width, layout.sender), pgettext("on a label", "From"), parcel.sender, layout.body_pt)
    top = _rule(page, layout, top + layout.sender)
    _foot(page, layout, parcel, (left, top + 1, width, page.height - layout.margin - top - 1))
    page.end()


def _rule(page: Page, layout: Layout, top: float) -> float:
    page.line(layout.margin, top, page.width - layout.margin, top)
    return top


def _party(
    page: Page,
    box: tuple[float, float, float, float],
    word: str,
    party: Party,
    most: float,
    *,
    is_bold: bool = False,
) -> None:
    left, top, width, height = box
    sign = most * 0.62
    page.text(word, (left, top + 1, sign, height - 2), most=most, is_bold=is_bold, align="centre")
    who = f"{party.name}  {party.phone}".strip()
    inner = width - sign - 1.5
    used = page.text(who, (left + sign + 1.5, top + 1, inner, height * 0.4), most=most, is_bold=is_bold)
    rest = height - used - 2
    page.text(party.address, (left + sign + 1.5, top + 1 + used, inner, rest), most=most, is_bold=is_bold)


def _foot(page: Page, layout: Layout, parcel: Parcel, box: tuple[float, float, float, float]) -> None:
    """Orders, what is inside and the remark beside the QR code; goods that find no room are on the slip."""
    left, top, width, height = box
    side = min(layout.qr, height)
    page.qr(parcel.waybill, (left + width - side, top, side))
    inner = width - side - 2
    orders = _("Order %(numbers)s") % {"numbers": "、".join(parcel.order_numbers)} if parcel.order_numbers else ""
    used = page.text(
        "  ".join(filter(None, (parcel.number, orders))), (left, top, inner, height * 0.35), most=layout.body_pt
    )
    if parcel.remark:
        used += page.text(parcel.remark, (left, top + used, inner, height * 0.35), most=layout.body_pt)
    page.text(
        _goods(parcel.lines, inner, height - used, layout.body_pt),
        (left, top + used, inner, height - used),
        most=layout.body_pt,
    )


def _goods(lines: Sequence[Line], width: float, height: float, size: float) -> str:
    """As many of the lines as there is room for, and how many more the slip names."""
    room = max(1, int(height * mm // (size * LEADING)))
    words = [f"{line.code or line.name} ×{line.quantity}" for line in lines]
    for shown in range(len(words), -1, -1):
        left_out = len(words) - shown
        more = [_("%(count)d more on the packing slip") % {"count": left_out}] if left_out else []
        text = "；".join([*words[:shown], *more])
        if len(wrap(printable(text), size, width * mm)) <= room:
            return text
    return text


# --- packing slip -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    bin: str
    words: str
    quantity: str
    height: float


def _slip(page: Page, layout: Layout, parcel: Parcel, place: str) -> None:
    pages = list(_paged(page, layout, parcel))
    for number, rows in enumerate(pages, start=1):
        top = _slip_head(page, layout, parcel, f"{number}/{len(pages)}", place)
        for row in rows:
            _slip_row(page, layout, row, top)
            top += row.height
        if number == len(pages):
            _slip_end(page, layout, parcel, top)
        page.end()


def _head_height(layout: Layout) -> float:
    return layout.header + layout.barcode + layout.sender + 7


def _remark(page: Page, layout: Layout, parcel: Parcel) -> tuple[str, float]:
    """The last words of the slip, and the millimetres they take."""
    total = _("%(units)d units in all") % {"units": parcel.units}
    text = "  ".join(filter(None, (total, parcel.remark)))
    room = (page.height - 2 * layout.margin - _head_height(layout)) / 2
    size, lines = fit(printable(text), (page.width - 2 * layout.margin) * mm, room * mm, layout.body_pt)
    return text, len(lines) * size * LEADING / mm + 2


def _paged(page: Page, layout: Layout, parcel: Parcel) -> Iterator[list[_Row]]:
    """The rows of each page: no row is torn, and the last page has room for the end."""
    room = page.height - 2 * layout.margin - _head_height(layout)
    end = _remark(page, layout, parcel)[1]
    rows: list[_Row] = []
    used = 0.0
    for row in _rows(page, layout, parcel.lines, room):
        if rows and used + row.height > room:
            yield rows
            rows, used = [], 0.0
        rows.append(row)
        used += row.height
    if used + end > room:
        yield rows
        rows = []
    yield rows


def _columns(page: Page, layout: Layout) -> tuple[float, float, float]:
    width = page.width - 2 * layout.margin
    return width * 0.2, width * 0.66, width * 0.14


def _rows(page: Page, layout: Layout, lines: Sequence[Line], room: float) -> Iterator[_Row]:
    _bins, words_width, _units = _columns(page, layout)
    for line in lines:
        words = " ".join(filter(None, (line.code, line.name, line.spec)))
        size, wrapped = fit(printable(words), (words_width - 2) * mm, room * mm, layout.body_pt)
        high = max(len(wrapped), 2 if len(line.bin) > 8 else 1) * size * LEADING / mm + 1.6
        yield _Row(line.bin, words, f"×{line.quantity}", min(high, room))


def _slip_head(page: Page, layout: Layout, parcel: Parcel, sheet: str, place: str) -> float:
    left, width, top = layout.margin, page.width - 2 * layout.margin, layout.margin
    title = " ".join(filter(None, (_("Packing slip"), parcel.shop)))
    page.text(title, (left, top + 1, width * 0.66, layout.header - 2), most=13, is_bold=True)
    where = _("sheet %(sheet)s, parcel %(place)s") % {"sheet": sheet, "place": place}
    page.text(where, (left + width * 0.68, top + 1, width * 0.32, layout.header - 2), most=8, align="right")
    top = _rule(page, layout, top + layout.header)
    page.barcode(parcel.number or parcel.waybill, (left, top + 1.5, width - layout.qr, layout.barcode - 2))
    page.qr(parcel.waybill, (left + width - layout.barcode + 1, top + 0.5, layout.barcode - 1))
    top = _rule(page, layout, top + layout.barcode)
    to = f"{parcel.recipient.name} {parcel.recipient.phone}".strip()
    orders = "、".join(parcel.order_numbers)
    page.text(
        _("%(courier)s %(waybill)s  Order %(orders)s  To %(whom)s")
        % {"courier": parcel.courier, "waybill": parcel.waybill, "orders": orders, "whom": to},
        (left, top + 1, width, layout.sender - 2),
        most=layout.body_pt,
    )
    top = _rule(page, layout, top + layout.sender)
    _slip_row(page, layout, _Row(_("Bin"), _("Product"), _("Quantity"), 6), top + 0.5)
    return _rule(page, layout, top + 7)


def _slip_row(page: Page, layout: Layout, row: _Row, top: float) -> None:
    bins, words, units = _columns(page, layout)
    left, high, most = layout.margin, row.height - 1, layout.body_pt
    page.text(row.bin, (left, top + 0.5, bins - 1, high), most=most, is_bold=True)
    page.text(row.words, (left + bins, top + 0.5, words - 2, high), most=most)
    page.text(row.quantity, (left + bins + words, top + 0.5, units, high), most=most, is_bold=True, align="right")


def _slip_end(page: Page, layout: Layout, parcel: Parcel, top: float) -> None:
    text, high = _remark(page, layout, parcel)
    _rule(page, layout, top + 0.5)
    page.text(text, (layout.margin, top + 1, page.width - 2 * layout.margin, high), most=layout.body_pt, is_bold=True)
