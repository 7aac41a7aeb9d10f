"""The rail: which rooms a person may enter. A room without a page in this installation is left out."""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.translation import gettext_lazy as _

from merchant.people.rights import Right


@dataclass(frozen=True)
class Entry:
    """`rights`: any one of them opens the room; none named means everybody. `path`: what marks the room as entered."""

    name: str
    label: Any
    icon: str
    path: str
    rights: tuple[Right, ...] = ()
    is_thumb: bool = False
    is_end: bool = False


ENTRIES = (
    Entry("desk", _("Workbench"), "desk", "/desk/", (Right.SEE_ORDERS,), is_thumb=True),
    Entry("orders", _("Orders"), "orders", "/orders/", (Right.SEE_ORDERS,), is_thumb=True),
    Entry("interceptions", _("Interceptions"), "turn", "/interceptions/", (Right.SEE_ORDERS,), is_thumb=True),
    Entry("board", _("Board"), "board", "/board/", (Right.SEE_BOARD, Right.AGREE_CASE)),
    Entry("team", _("Team"), "team", "/team/", (Right.SEE_BOARD,)),
    Entry("warehouse", _("Warehouse"), "warehouse", "/warehouse/", (Right.RECEIVE_PARCEL,), is_thumb=True),
    Entry("stock", _("Stock"), "box", "/stock/", (Right.RECEIVE_PARCEL, Right.EDIT_COST)),
    Entry("claims", _("Claims"), "alert", "/claims/", (Right.DRAFT_CLAIM, Right.FILE_CLAIM, Right.BOOK_CLAIM)),
    Entry("refunds", _("Refunds"), "money", "/refunds/", (Right.APPROVE_REFUND, Right.RELEASE_REFUND), is_thumb=True),
    Entry("statements", _("Reconciliation"), "balance", "/statements/", (Right.SETTLE_STATEMENT,)),
    Entry("quota", _("Quota"), "eye", "/quota/", (Right.REVEAL_PII, Right.APPLY_QUOTA, Right.APPROVE_QUOTA)),
    Entry("import_list", _("Import"), "upload", "/imports/", (Right.IMPORT_ORDERS,)),
    Entry("ops", _("Operations"), "pulse", "/ops/", (Right.OPERATE_JOBS, Right.SEE_MESSAGES)),
    Entry("rules", _("Rules"), "book", "/rules/", is_thumb=True),
    Entry(
        "settings",
        _("Settings"),
        "sliders",
        "/settings/",
        (Right.EDIT_POLICY, Right.EDIT_SECRETS, Right.SIGN_AGREEMENT),
        is_end=True,
    ),
)


def entries(held: set[str], path: str) -> list[dict[str, Any]]:
    """The rail's rows for somebody with these rights, in order, with the room they stand in marked."""
    return [
        {"entry": entry, "url": url, "is_here": path.startswith(entry.path)}
        for entry, url in _rooms(get_urlconf() or settings.ROOT_URLCONF)
        if not entry.rights or held.intersection(entry.rights)
    ]


@lru_cache(maxsize=8)
def _rooms(urlconf: str) -> tuple[tuple[Entry, str], ...]:
    """The rooms this installation has, with their addresses: resolved once, every page shows them twice."""
    found = []
    for entry in ENTRIES:
        with suppress(NoReverseMatch):
            found.append((entry, reverse(entry.name, urlconf=urlconf)))
    return tuple(found)
