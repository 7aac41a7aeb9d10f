"""Having pictures from outside unpacked and drawn anew by a child process with limits (docs/decisions/0045)."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CHILD = Path(__file__).with_name("drawing.py")
PICTURES = ("JPEG", "PNG", "WEBP")
# A picture of this many pixels unpacks to 200 MB: enough for any phone.
MAX_PIXELS = 50_000_000
# All pictures of one form together, each counted as it is unpacked: a second or two of work, twelve photos of a phone.
MAX_PIXELS_TOGETHER = 160_000_000
SIDE, THUMB_SIDE = 2000, 240
# What the child may take: twelve files, one of them unpacked, and what the decoder holds beside it.
MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 20
WALL_SECONDS = 45
# Children at one time in one process, and how long a further one waits for its turn.
AT_ONCE, PATIENCE_S = 2, 8
_turns = threading.BoundedSemaphore(AT_ONCE)


class Unfit(Exception):
    """Nothing is kept. `code`: together, time, busy (all of them); pixels, picture, memory (the one at `place`)."""

    def __init__(self, code: str, place: int | None = None) -> None:
        super().__init__(code)
        self.code, self.place = code, place


def draw(pictures: Sequence[bytes], *, side: int = SIDE, pixels: int = MAX_PIXELS) -> list[tuple[bytes, bytes]]:
    """(JPEG at most `side` a side, JPEG at most 240 a side) of each. Raises Unfit for the first that is none."""
    if not pictures:
        return []
    if not _turns.acquire(timeout=PATIENCE_S):
        raise Unfit("busy")
    try:
        return _read(_run(pictures, side, pixels), len(pictures))
    finally:
        _turns.release()


def _run(pictures: Sequence[bytes], side: int, pixels: int) -> bytes:
    limits: dict[str, Any] = {"formats": PICTURES, "side": side, "thumb": THUMB_SIDE}
    limits |= {"pixels": pixels, "together": MAX_PIXELS_TOGETHER}
    head = json.dumps({"sizes": [len(raw) for raw in pictures], "limits": limits}).encode() + b"\n"
    try:
        # It inherits nothing: no secrets, no database, no open file, no way of being told to load other code.
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), str(MEMORY_BYTES), str(CPU_SECONDS)],
            input=head + b"".join(pictures),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WALL_SECONDS,
            env={"MALLOC_ARENA_MAX": "2"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unfit("time") from error
    # -24: its processor time is up (SIGXCPU).
    if done.returncode == -24:
        raise Unfit("time")
    return done.stdout


def _read(said: bytes, count: int) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    while len(found) < count:
        line, _end, rest = said.partition(b"\n")
        try:
            event = json.loads(line)
        except ValueError as error:
            # It died over this one without a word: a decoder that fell, or memory that it could not even tell about.
            raise Unfit("picture", len(found)) from error
        if event[0] == "together":
            raise Unfit("together")
        if event[0] == "unfit":
            raise Unfit(str(event[1]), len(found))
        body, thumb = event[1], event[2]
        found.append((rest[:body], rest[body : body + thumb]))
        said = rest[body + thumb :]
    return found
