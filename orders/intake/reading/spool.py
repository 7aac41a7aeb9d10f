"""Having a file read by a child process, and what it says kept where it can be read again and again.

The rows go to a file without a name, packed and sealed with a key that only this process holds: people's addresses
never lie on a disk in plain, and 200,000 rows cost no memory.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from orders.intake.reading.limits import Unreadable

# What the child may take. The widest month we measured (200,000 rows of 22 columns) takes 110 MB and 25 seconds.
MEMORY_BYTES = 640 * 1024 * 1024
CPU_SECONDS = 150
WALL_SECONDS = 280
# A child that was killed from outside may have been unlucky; one that needs too much will need it again.
TRIES = 2
BLOCK = 1000
_KEY = AESGCM(AESGCM.generate_key(128))

# As the child's JSON writes the first letter of workbook.DATE_MARK.
MARK = b"\\u0000"

Event = list[Any]


class _Broke(Exception):
    """The child ended without saying why."""


@dataclass
class Spooled:
    """One table of a file: its first rows, its merged cells, and where its blocks lie in the spool."""

    name: str
    kind: str
    spool: "Spool"
    count: int = 0
    first: list[Event] = field(default_factory=list)
    merges: list[tuple[int, int, int]] = field(default_factory=list)
    blocks: list[tuple[int, int]] = field(default_factory=list)
    # Whether any of its cells is a date of a spreadsheet (workbook.DATE_MARK).
    is_dated: bool = False

    def events(self) -> Iterator[Event]:
        for place in self.blocks:
            yield from self.spool.block(place)


class Spool:
    """What one file held. The disk is given back with the object."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the tables that read it
        self._lock = threading.Lock()
        self.tables: list[Spooled] = []

    def add(self, events: list[Event]) -> tuple[int, int]:
        nonce = os.urandom(12)
        body = nonce + _KEY.encrypt(nonce, zlib.compress(json.dumps(events).encode(), 1), None)
        at = self._file.seek(0, os.SEEK_END)
        self._file.write(body)
        return at, len(body)

    def block(self, place: tuple[int, int]) -> list[Event]:
        at, size = place
        with self._lock:
            self._file.seek(at)
            body = self._file.read(size)
        found: list[Event] = json.loads(zlib.decompress(_KEY.decrypt(body[:12], body[12:], None)))
        return found


def read(name: str, body: bytes, *, first: int) -> Spool:
    """Every table of the file, with its `first` rows at hand. Raises Unreadable."""
    for attempt in range(1, TRIES + 1):
        try:
            return _read(name, body, first)
        except _Broke:
            if attempt == TRIES:
                break
    raise Unreadable("died", times=TRIES)


def _read(name: str, body: bytes, first: int) -> Spool:
    spool, block = Spool(), list[Event]()
    table: Spooled | None = None
    for event, is_dated in _events(name, body):
        if event[0] == "t":
            _close(spool, table, block)
            table = Spooled(event[1], event[2], spool)
            spool.tables.append(table)
        elif table is None:
            raise _Broke
        elif event[0] == "m":
            table.merges.append((event[1], event[2], event[3]))
        else:
            table.count += 1
            table.is_dated |= is_dated
            if len(table.first) < first:
                table.first.append(event)
            block.append(event)
            if len(block) >= BLOCK:
                _close(spool, table, block)
    _close(spool, table, block)
    return spool


def _close(spool: Spool, table: Spooled | None, block: list[Event]) -> None:
    if table is not None and block:
        table.blocks.append(spool.add(block))
        block.clear()


def _events(name: str, body: bytes) -> Iterator[tuple[Event, bool]]:
    """What the child says until its last word, and whether it holds a date. It inherits nothing: no secrets, no
    database, no open file."""
    module = "orders.intake.reading.child"
    # The name is for the tables only; an argument may hold no NUL.
    command = [sys.executable, "-m", module, str(MEMORY_BYTES), str(CPU_SECONDS), name.replace("\0", "")[:200]]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env={"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "2"},
    )
    assert child.stdin is not None and child.stdout is not None
    late = threading.Timer(WALL_SECONDS, child.kill)
    late.start()
    try:
        with suppress(BrokenPipeError):
            child.stdin.write(body)
            child.stdin.close()
        for line in child.stdout:
            event = json.loads(line)
            if event[0] == "done":
                return
            if event[0] == "refused":
                raise Unreadable(str(event[1]), **event[2])
            yield event, MARK in line
        _explain(child.wait(), is_late=not late.is_alive())
    except ValueError as error:
        raise _Broke from error
    finally:
        late.cancel()
        child.kill()
        child.stdout.close()
        child.wait()


def _explain(code: int, *, is_late: bool) -> None:
    """Why the child ended without its last word: its processor time (SIGXCPU), ours, or something it is not told."""
    if code == -24 or is_late:
        raise Unreadable("time")
    raise _Broke
