"""What is known of an account's connection, as a page says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchant.shops.enums import ConnectionState
from merchant.shops.models import CourierAccount, PlatformAccount
from merchant.shops.services import is_being_tested

CHIPS = {
    ConnectionState.UNTRIED: "shut",
    ConnectionState.RUNNING: "run",
    ConnectionState.WORKS: "done",
    ConnectionState.UNPROVED: "late",
    ConnectionState.REFUSED: "fail",
    ConnectionState.SILENT: "late",
}
# The classes of answer that both rooms of adapters share.
UNUSABLE = "unusable"
ANSWERED = "answered"
SENTENCES: Mapping[str, Any] = {
    UNUSABLE: gettext_lazy("The credentials cannot even be used: compare each box with the other side's page."),
    ANSWERED: gettext_lazy("It answered, and takes this account."),
}


@dataclass(frozen=True)
class Connection:
    """`sentence` says in our words what came back, `theirs` in the other side's, as they said it."""

    state: str
    label: Any
    chip: str
    sentence: str
    theirs: str
    at: datetime | None

    @property
    def is_working(self) -> bool:
        return self.state == ConnectionState.WORKS

    @property
    def is_running(self) -> bool:
        return self.state == ConnectionState.RUNNING


def connection_of(account: CourierAccount | PlatformAccount, sentences: Mapping[str, Any]) -> Connection:
    """`sentences` are the adapter room's, by class of answer."""
    state = ConnectionState(account.connection)
    kind, _colon, theirs = account.connection_words.partition(":")
    sentence = str(sentences.get(kind) or SENTENCES.get(kind) or "")
    if state == ConnectionState.RUNNING and not is_being_tested(account):
        state, sentence = ConnectionState.SILENT, _("Nobody came to ask within a minute. Test it again.")
    if state == ConnectionState.UNTRIED:
        sentence = _("Nobody has tried yet whether it works.")
    if state == ConnectionState.RUNNING:
        sentence = _("It is being asked …")
    return Connection(state, state.label, CHIPS[state], sentence, theirs.strip(), account.connection_at)
