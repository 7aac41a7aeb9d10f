"""The platforms' messages: each is brought down to a hint, and every room that asked for hints reads it."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from merchant.inbox import registry as inbox
from merchant.platforms import registry
from merchant.platforms.base import Hint
from merchant.prepared import first_of
from merchant.shops.models import PlatformAccount

KIND = "platform"
Reader = Callable[[Any, Hint], None]
_readers: dict[str, Reader] = {}


def source_of(platform: str) -> str:
    """The inbox's name for messages of this platform."""
    return f"{KIND}:{platform}"


def on_hint(name: str, reader: Reader) -> None:
    """Let `reader(account, hint)` have every message; called in `apps.py: ready()` of the rooms above. Registering a
    name again replaces it.

    A reader runs in the worker, may raise (the message then waits and is tried again), and must be safe to run twice.
    """
    _readers[name] = reader


def read(message: Any) -> None:
    """The inbox's handler. A message that names nothing anybody asked for is done when it is stored."""
    account = first_of("messages.read", _account, pk=message.account_id)
    if account is None:
        raise PlatformAccount.DoesNotExist
    platform = registry.find(account.platform)
    if platform is None:
        raise LookupError(f"nobody reads {account.platform}")
    hint = platform.hint(account, bytes(message.body))
    for reader in _readers.values():
        reader(account, hint)


def _account(pk: int) -> QuerySet[PlatformAccount]:
    return PlatformAccount.objects.select_related("shop").filter(pk=pk)


inbox.register(KIND, read)
