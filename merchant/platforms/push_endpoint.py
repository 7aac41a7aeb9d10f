"""What a platform's push door needs to know of each platform: whose it is, which message, and what to answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class MalformedError(ValueError):
    """The message opens with the account's key, but is not a message."""


@dataclass(frozen=True)
class Judged:
    """An opened message. `event_key` is equal for every repetition of it; empty for one that is not kept."""

    event_key: str = ""
    is_own: bool = True
    is_heartbeat: bool = False


@dataclass(frozen=True)
class Door:
    """`judge(account, headers, body)` opens a message: ValueError when it was not written with this account's key,
    MalformedError when it was, but is no message. `headers` have lower-case names; the address that was called, with
    its query, stands among them as `:path`, as HTTP/2 writes it."""

    judge: Callable[[Any, Mapping[str, str], bytes], Judged]
    got_it: bytes
    send_again: bytes


_doors: dict[str, Door] = {}


def open_door(platform: str, door: Door) -> None:
    """Let this platform knock; called when its module is loaded."""
    _doors[platform] = door


def door_of(platform: str) -> Door | None:
    """The platform's door, None when it has none here."""
    return _doors.get(platform)


def source_of(platform: str) -> str:
    """The inbox's name for messages of this platform."""
    return f"platform:{platform}"
