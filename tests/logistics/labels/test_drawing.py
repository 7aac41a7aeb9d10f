"""Labels and packing slips on paper: all of the text stands on the page, and a scanner can read the codes."""

import re
from itertools import pairwise

import pytest
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm

from logistics.labels import canvas, drawing
from logistics.labels.drawing import draw
from logistics.labels.papers import Line, Paper, PaperSize, Parcel, Party

WAYBILL = "73100000000001"
every_size = pytest.mark.parametrize("size", list(PaperSize))


def parcel_of(**more):
    known = {
        "waybill": WAYBILL,
        "courier": "中通快递",
        "recipient": Party("欧阳测试", "13800001234", "浙江省杭州市余杭区仓前街道文一西路969号"),
        "sender": Party("示例旗舰店", "0571-80000000", "浙江省金华市义乌市示例路88号"),
        "number": "FH2611300001",
        "order_numbers": ("25113000000001", "25113000000002"),
        "lines": (Line("SKU-1", "纯棉家居服", 2, "米白 XL", "A-01-03"), Line("SKU-2", "围巾", 1)),
        "sort_code": "300- H12 09",
        "site": "杭州余杭",
        "remark": "轻放",
        "shop": "示例店",
    }
    return Parcel(**(known | more))


@pytest.fixture
def drawn(monkeypatch):
    """Every line of text as it is drawn: (sheet, text, left, right, top, bottom), in points from the lower left."""
    lines = []
    plain = canvas.Page._draw

    def keep(page, line, x, y, size, is_bold):
        right = x + canvas.width_of(line, size)
        lines.append((page.canvas.getPageNumber(), line, x, right, y + size * 0.9, y - size * 0.3))
        plain(page, line, x, y, size, is_bold)

    monkeypatch.setattr(canvas.Page, "_draw", keep)
    return lines


def text_of(lines, sheet=None):
    return re.sub(r"\s", "", "".join(line for at, line, *_box in lines if sheet in (None, at)))


def sheets_of(pdf):
    return len(re.findall(rb"/Type /Page\b", pdf))


@every_size
@pytest.mark.parametrize("paper", list(Paper))
def test_nothing_stands_outside_the_page_and_nothing_over_another_line(drawn, size, paper):
    long = "浙江省杭州市余杭区示例街道示例小区十二幢三单元（请放门口的柜子，电话打不通请发短信 Building A-12B）" * 4
    parcel = parcel_of(
        recipient=Party("欧阳" * 10, "13800001234-1234", long),
        remark="生日礼物，请勿暴力分拣。" * 12,
        lines=[Line(f"SKU-{n:03d}", "纯棉长袖家居服套装女秋冬加绒" * 2, n, "米白", f"A-{n:02d}") for n in range(1, 41)],
    )

    draw([parcel], size=size, paper=paper)

    width, height = (side * mm for side in size.millimetres)
    assert [one for one in drawn if one[2] < 0 or one[3] > width + 0.1 or one[4] > height or one[5] < 0] == []
    for one, other in ((a, b) for a in drawn for b in drawn if a is not b and a[0] == b[0]):
        is_beside = one[3] <= other[2] + 0.1 or other[3] <= one[2] + 0.1
        is_apart = one[5] >= other[4] - 1 or other[5] >= one[4] - 1
        assert is_beside or is_apart, (one, other)


@every_size
def test_a_label_says_whose_it_is_with_every_word_of_a_long_address(drawn, size):
    address = "浙江省杭州市余杭区仓前街道示例小区十二幢三单元一千二百零三室" * 5

    pdf = draw([parcel_of(recipient=Party("欧阳测试", "13800001234", address))], size=size)

    words = text_of(drawn)
    assert sheets_of(pdf) == 1
    for part in (
        "中通快递",
        "300-H1209",
        "杭州余杭",
        WAYBILL,
        "欧阳测试13800001234",
        address,
        "示例旗舰店",
        "25113000000001",
    ):
        assert part in words, part
    assert "SKU-1×2；SKU-2×1" in words


@every_size
def test_goods_that_find_no_room_on_the_label_are_counted_there_and_all_on_the_slip(drawn, size):
    lines = [Line(f"SKU-{n:03d}", "围巾", 1, bin=f"B-{n:02d}") for n in range(1, 61)]

    pdf = draw([parcel_of(lines=lines)], size=size, paper=Paper.BOTH)

    label = text_of(drawn, 1)
    shown = len(re.findall(r"SKU-\d{3}×1", label))
    assert 0 < shown < 60
    assert f"还有{60 - shown}种" in label
    slips = "".join(text_of(drawn, sheet) for sheet in range(2, sheets_of(pdf) + 1))
    assert re.findall(r"SKU-\d{3}", slips) == [line.code for line in lines]
    assert re.findall(r"B-\d\d", slips) == [line.bin for line in lines]
    assert slips.count("共60件") == 1


def test_papers_come_in_the_order_they_were_asked_for_each_slip_behind_its_label(drawn):
    parcels = [parcel_of(waybill=f"7310000000000{n}", number=f"BOX-{n}") for n in (3, 1, 2)]

    pdf = draw(parcels, paper=Paper.BOTH)

    assert sheets_of(pdf) == 6
    assert [re.search(r"7310000000000\d", text_of(drawn, sheet))[0][-1] for sheet in range(1, 7)] == list("331122")
    assert [f"{n}/3" in text_of(drawn, n * 2 - 1) for n in (1, 2, 3)] == [True, True, True]


def test_papers_are_in_the_houses_language_whoever_prints_them(drawn):
    from django.utils import translation

    with translation.override("en"):
        draw([parcel_of(is_reprint=True)], paper=Paper.BOTH)

    assert "补打" in text_of(drawn, 1)
    assert "装箱单" in text_of(drawn, 2)
    assert "reprint" not in text_of(drawn)


def test_what_the_font_cannot_show_is_marked_and_control_characters_are_gone():
    assert canvas.printable("王𬱖\u200b\n强🎁") == "王〓 强〓"


def test_words_and_numbers_stay_whole_where_a_line_can_hold_them():
    assert canvas.wrap("收货 13800001234 仓前", 10, 62) == ["收货", "13800001234", "仓前"]
    assert "".join(canvas.wrap("A" * 100, 10, 60)) == "A" * 100


@every_size
@pytest.mark.parametrize("waybill", ["73100000000001", "YT0000000000001", "JT0000000000001", "SF0000000000001"])
def test_bars_are_whole_dots_of_the_printer_with_white_on_both_sides(monkeypatch, size, waybill):
    made = []

    class Kept(Code128):
        def drawOn(self, page, x, y):
            made.append((self.value, self.barWidth, x, x + self.width))
            super().drawOn(page, x, y)

    monkeypatch.setattr(canvas, "Code128", Kept)

    draw([parcel_of(waybill=waybill)], size=size)

    ((value, bar, left, right),) = made
    dots = bar / mm / canvas.DOT
    assert value == waybill
    assert dots == pytest.approx(round(dots))
    assert round(dots) >= 2
    assert min(left, size.millimetres[0] * mm - right) >= 10 * bar


def test_the_qr_code_is_drawn_module_by_module(monkeypatch):
    import segno

    page = canvas.Page((100, 150))
    rectangles = []
    begin = page.canvas.beginPath

    def recording():
        path = begin()
        monkeypatch.setattr(path, "rect", lambda *box: rectangles.append(box), raising=False)
        return path

    monkeypatch.setattr(page.canvas, "beginPath", recording)
    page.qr(WAYBILL, (0, 0, 24))

    rows = [list(row) for row in segno.make_qr(WAYBILL, error="m").matrix_iter(border=2)]
    side = rectangles[0][3]
    dark = set()
    for x, y, wide, _high in rectangles:
        row = round((150 * mm - y) / side) - 1
        dark |= {(row, round(x / side) + n) for n in range(round(wide / side))}
    assert dark == {(y, x) for y, row in enumerate(rows) for x, bit in enumerate(row) if bit}
    assert all(a != b for a, b in pairwise(sorted(dark)))


def test_there_is_nothing_to_print_of_nothing_or_under_a_number_no_scanner_reads():
    with pytest.raises(ValueError, match="nothing"):
        draw([])
    with pytest.raises(ValueError, match="waybill"):
        draw([parcel_of(waybill="运单")])


def test_every_layout_has_room_for_its_foot():
    for size, layout in drawing.LAYOUTS.items():
        parts = layout.header + layout.sort_code + layout.site + layout.barcode + layout.recipient + layout.sender
        assert size.millimetres[1] - 2 * layout.margin - parts >= layout.qr
