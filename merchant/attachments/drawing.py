"""The process that unpacks pictures: `python -I drawing.py MEMORY SECONDS < pictures > drawn`, run by `drawer`.

It has no secrets in its environment, opens no file, may take so much memory and so many seconds of a processor and
dies beyond them. In: one JSON line, {"sizes": [bytes of each], "limits": {…}}, then the pictures one after the other.
Out: a line for each, ["drawn", body bytes, thumb bytes] followed by the two, or ["unfit", why]; before them nothing but
["together"] when all of them are too much. No Django here.
"""

import io
import json
import resource
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

NOT_A_PICTURE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError)
# Modes that are made smaller well as they are; others become RGB first.
PLAIN = ("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr")


class Unfit(Exception):
    """The picture is not kept; the one argument names the sentence (merchant.attachments.services)."""


def pixels_of(raw: bytes, limits: Mapping[str, Any]) -> int:
    """What unpacking it will take, by what the file says; 0 for what is no picture: that is said when it is read."""
    try:
        with Image.open(io.BytesIO(raw), formats=limits["formats"]) as opened:
            opened.draft("RGB", (limits["side"], limits["side"]))
            return opened.width * opened.height
    except NOT_A_PICTURE:
        return 0


def drawn(raw: bytes, limits: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """(the picture, its small copy) as JPEG, without what the camera wrote. Raises Unfit."""
    side = limits["side"]
    try:
        with Image.open(io.BytesIO(raw), formats=limits["formats"]) as opened:
            # A short film is counted with all its frames, though only the first is shown. A phone's JPEG may carry a
            # second picture, which is none.
            frames = getattr(opened, "n_frames", 1) if opened.format in ("PNG", "WEBP") else 1
            if opened.width * opened.height * frames > limits["pixels"]:
                raise Unfit("pixels")
            # A photo is unpacked no larger than it is kept; other formats cannot be.
            opened.draft("RGB", (side, side))
            picture = (
                opened if opened.mode in PLAIN else opened.convert("RGBA" if opened.has_transparency_data else "RGB")
            )
            picture.thumbnail((side, side))
            picture = _on_white(ImageOps.exif_transpose(picture))
            return _jpeg(picture, side, 85), _jpeg(picture, limits["thumb"], 80)
    except NOT_A_PICTURE as error:
        raise Unfit("picture") from error
    except MemoryError as error:
        raise Unfit("memory") from error


def _on_white(picture: Image.Image) -> Image.Image:
    """Goods cut out of their ground would stand on black."""
    if picture.mode not in ("RGBA", "LA"):
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")


def _jpeg(picture: Image.Image, side: int, quality: int) -> bytes:
    small = picture.copy()
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def answer(pictures: Sequence[bytes], limits: Mapping[str, Any], out: BinaryIO) -> None:
    if sum(pixels_of(raw, limits) for raw in pictures) > limits["together"]:
        out.write(_line(["together"]))
        return
    for raw in pictures:
        try:
            body, thumb = drawn(raw, limits)
        except Unfit as unfit:
            out.write(_line(["unfit", str(unfit)]))
        else:
            out.write(_line(["drawn", len(body), len(thumb)]) + body + thumb)


def _line(event: Sequence[Any]) -> bytes:
    return json.dumps(event).encode() + b"\n"


def main() -> None:
    asked = json.loads(sys.stdin.buffer.readline())
    answer([sys.stdin.buffer.read(size) for size in asked["sizes"]], asked["limits"], sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # The sizes are judged by the limits told, not by the library's own warning.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    main()
