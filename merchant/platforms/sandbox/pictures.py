"""The pictures of what the demo sells: drawn here, one for each item's number. Nobody else's."""

import hashlib
import io

from PIL import Image, ImageDraw

SIDE = 480
GROUNDS = ("#f3e9dc", "#e4ecf2", "#e8efe3", "#f2e4e4", "#ebe6f2", "#f4efd9")
GOODS = ("#b5651d", "#2f5d8a", "#4f7d4a", "#a33c3c", "#6b4e96", "#8a7420")


def picture(item: str) -> bytes:
    """A PNG of a thing on a coloured ground; the same for the same item."""
    dice = hashlib.blake2b(item.encode(), digest_size=4).digest()
    drawn = Image.new("RGB", (SIDE, SIDE), GROUNDS[dice[0] % len(GROUNDS)])
    pen, colour = ImageDraw.Draw(drawn), GOODS[dice[1] % len(GOODS)]
    pen.ellipse((90, 390, 390, 430), "#d3cdc3")
    shape = dice[2] % 4
    if shape == 0:  # a mug
        pen.ellipse((300, 190, 400, 310), outline=colour, width=24)
        pen.rounded_rectangle((120, 150, 340, 410), 30, colour)
    elif shape == 1:  # a bowl
        pen.pieslice((90, 60, 390, 410), 0, 180, colour)
        pen.rectangle((190, 395, 290, 415), colour)
    elif shape == 2:  # a box
        pen.polygon([(100, 190), (240, 130), (380, 190), (240, 250)], "#ffffff")
        pen.polygon([(100, 190), (240, 250), (240, 415), (100, 350)], colour)
        pen.polygon([(380, 190), (240, 250), (240, 415), (380, 350)], colour, outline="#ffffff")
    else:  # folded cloth
        for place in range(4):
            pen.rounded_rectangle((100, 170 + 60 * place, 380, 220 + 60 * place), 24, colour, "#ffffff", 3)
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()
