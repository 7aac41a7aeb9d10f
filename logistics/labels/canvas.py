"""A page of a small roll: text that is wrapped and shrunk until all of it stands there, codes that scanners read."""

import re
from functools import lru_cache
from io import BytesIO

import segno
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

# Named in the file and not carried in it: every reader of PDF shows it with a Chinese font of its machine.
FONT = "STSong-Light"
LEADING = 1.2
SMALLEST = 3.0
# One dot of a thermal head of 203 dpi, in millimetres: bars of whole dots stay sharp.
DOT = 0.125
# Narrower bars are not read by common scanners.
NARROWEST_DOTS = 2
# What stands for a character that the font's encoding has no place for: the printers' sign for a missing type.
MISSING = "〓"
_TOKENS = re.compile(r"[!-~]+|\s+|.", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufe00-\ufe0f\ufeff]+")

pdfmetrics.registerFont(UnicodeCIDFont(FONT))


def printable(text: str) -> str:
    """One line of what the font can show."""
    flat = _CONTROL.sub(" ", text).strip()
    return "".join(char if ord(char) <= 0xFFFF else MISSING for char in flat)


def width_of(text: str, size: float) -> float:
    """Points."""
    return float(pdfmetrics.stringWidth(text, FONT, size))


def wrap(text: str, size: float, width: float) -> list[str]:
    """Lines of at most `width` points. Words and numbers stay whole where a line can hold them."""
    lines, line, used = [], "", 0.0
    for token in _TOKENS.findall(text):
        wide = width_of(token, size)
        pieces = [token] if wide <= width else list(token)
        for piece in pieces:
            wide = width_of(piece, size)
            if line and used + wide > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
                if piece.isspace():
                    continue
            line, used = line + piece, used + wide
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


@lru_cache(2048)
def fit(text: str, width: float, height: float, most: float) -> tuple[float, list[str]]:
    """The largest size of at most `most` points, in steps of a half, at which all of the text stands in the box."""
    size = most
    while True:
        lines = wrap(text, size, width)
        if len(lines) * size * LEADING <= height or size <= SMALLEST:
            return size, lines
        size -= 0.5


class Page:
    """Draws in millimetres from the upper left corner of the page."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.buffer = BytesIO()
        self.width, self.height = size
        self.canvas = Canvas(self.buffer, pagesize=(self.width * mm, self.height * mm), pageCompression=1)

    def end(self) -> None:
        """The next page."""
        self.canvas.showPage()

    def pdf(self) -> bytes:
        self.canvas.save()
        return self.buffer.getvalue()

    def line(self, left: float, top: float, right: float, bottom: float, *, weight: float = 0.6) -> None:
        self.canvas.setLineWidth(weight)
        self.canvas.line(left * mm, self._y(top), right * mm, self._y(bottom))

    def text(
        self,
        text: str,
        box: tuple[float, float, float, float],
        *,
        most: float,
        is_bold: bool = False,
        align: str = "left",
    ) -> float:
        """The text in the box (left, top, width, height), from its top down. How many millimetres it took."""
        left, top, width, height = box
        shown = printable(text)
        if not shown:
            return 0.0
        size, lines = fit(shown, width * mm, height * mm, most)
        for number, line in enumerate(lines):
            x = left * mm
            if align != "left":
                spare = width * mm - width_of(line, size)
                x += spare / 2 if align == "centre" else spare
            self._draw(line, x, self._y(top) - size * (0.9 + number * LEADING), size, is_bold)
        return len(lines) * size * LEADING / mm

    def barcode(self, value: str, box: tuple[float, float, float, float]) -> None:
        """CODE128 in the middle of the box (left, top, width, height), its number below it."""
        left, top, width, height = box
        modules = Code128(value, barWidth=1, quiet=False).width
        # Ten modules of white at either end, as the standard wants them.
        dots = max(NARROWEST_DOTS, int(width / DOT / (modules + 20)))
        high = height - 4.5
        drawn = Code128(value, barWidth=dots * DOT * mm, barHeight=high * mm, quiet=False)
        drawn.drawOn(self.canvas, left * mm + (width * mm - drawn.width) / 2, self._y(top + high))
        self.text(value, (left, top + high + 0.3, width, 4.2), most=11, align="centre")

    def qr(self, value: str, box: tuple[float, float, float]) -> None:
        """A QR code as large as whole dots allow in the square (left, top, side), its white border inside."""
        left, top, side = box
        rows = [list(row) for row in segno.make_qr(value, error="m").matrix_iter(border=2)]
        dots = max(1, int(side / DOT / len(rows)))
        module = dots * DOT * mm
        path = self.canvas.beginPath()
        for y, row in enumerate(rows):
            start = None
            for x, dark in enumerate([*row, 0]):
                if dark and start is None:
                    start = x
                elif not dark and start is not None:
                    path.rect(left * mm + start * module, self._y(top) - (y + 1) * module, (x - start) * module, module)
                    start = None
        self.canvas.drawPath(path, fill=1, stroke=0)

    def _y(self, top: float) -> float:
        return (self.height - top) * mm

    def _draw(self, line: str, x: float, y: float, size: float, is_bold: bool) -> None:
        """The font has one weight: what is bold is drawn with a line around it."""
        mode = 2 if is_bold else 0
        self.canvas.setLineWidth(size * 0.03)
        drawn = self.canvas.beginText(x, y)
        drawn.setFont(FONT, size)
        drawn.setTextRenderMode(mode)
        drawn.textOut(line)
        drawn.setTextRenderMode(0)
        self.canvas.drawText(drawn)
