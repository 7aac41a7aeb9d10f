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
    """`rights`: any one of them opens the room; none named means everybody. `path`: what marks the room as entered;
    `about`: what it is for, on the help page."""

    name: str
    label: Any
    icon: str
    path: str
    rights: tuple[Right, ...] = ()
    about: Any = ""
    is_thumb: bool = False
    is_end: bool = False


ENTRIES = (
    Entry(
        "desk",
        _("Workbench"),
        "desk",
        "/desk/",
        (Right.SEE_ORDERS,),
        is_thumb=True,
        about=_("What waits for you, the most urgent first: the buyer, their orders and the decision on one page."),
    ),
    Entry(
        "orders",
        _("Orders"),
        "orders",
        "/orders/",
        (Right.SEE_ORDERS,),
        is_thumb=True,
        about=_("Every order you may see, by state and by the promise to ship."),
    ),
    Entry(
        "review_list",
        _("Review"),
        "check",
        "/review/",
        (Right.REVIEW_ORDER, Right.ASSIGN_WORK),
        about=_("Orders on their way to the warehouse: what review stopped, who gets them, the word with the buyer."),
    ),
    Entry(
        "interceptions",
        _("Interceptions"),
        "turn",
        "/interceptions/",
        (Right.SEE_ORDERS,),
        is_thumb=True,
        about=_("Every parcel that is being stopped or was: how far it is and who pays."),
    ),
    Entry(
        "board",
        _("Board"),
        "board",
        "/board/",
        (Right.SEE_BOARD, Right.AGREE_CASE),
        about=_("How the team stands: what is open, how fast it is settled, what was saved."),
    ),
    Entry(
        "team",
        _("Team"),
        "team",
        "/team/",
        (Right.SEE_BOARD,),
        about=_("Who has which work; hand it over or give it back."),
    ),
    Entry(
        "warehouse",
        _("Warehouse"),
        "warehouse",
        "/warehouse/",
        (Right.RECEIVE_PARCEL,),
        is_thumb=True,
        about=_("Scan what comes home, inspect it, take off the bench what must not go out."),
    ),
    Entry(
        "stock",
        _("Stock"),
        "box",
        "/stock/",
        (Right.RECEIVE_PARCEL, Right.EDIT_COST, Right.EDIT_CATALOG, Right.COUNT_STOCK, Right.APPROVE_STOCK),
        about=_("Products, cost prices, bins and how many are there."),
    ),
    Entry(
        "claims",
        _("Claims"),
        "alert",
        "/claims/",
        (Right.DRAFT_CLAIM, Right.FILE_CLAIM, Right.BOOK_CLAIM),
        about=_("What couriers owe for damaged and lost parcels."),
    ),
    Entry(
        "refunds",
        _("Refunds"),
        "money",
        "/refunds/",
        (Right.APPROVE_REFUND, Right.RELEASE_REFUND),
        is_thumb=True,
        about=_("Money on its way back: approve, release, and what could not be paid."),
    ),
    Entry(
        "statements",
        _("Statements"),
        "balance",
        "/statements/",
        (Right.SETTLE_STATEMENT,),
        about=_("What the channels paid, held against our refunds."),
    ),
    Entry(
        "quota",
        _("Quota"),
        "eye",
        "/quota/",
        (Right.REVEAL_PII, Right.APPLY_QUOTA, Right.APPROVE_QUOTA),
        about=_("How many looks at personal data are left today, and who asks for more."),
    ),
    Entry(
        "import_list",
        _("Import"),
        "upload",
        "/imports/",
        (Right.IMPORT_ORDERS,),
        about=_("Orders and after-sales from files."),
    ),
    Entry(
        "ops",
        _("Operations"),
        "pulse",
        "/ops/",
        (Right.OPERATE_JOBS, Right.SEE_MESSAGES),
        about=_("Couriers, platforms and background work: what runs and what is stuck."),
    ),
    Entry(
        "rules", _("Rules"), "book", "/rules/", is_thumb=True, about=_("Every rule, amount and clock with its source.")
    ),
    Entry(
        "settings",
        _("Settings"),
        "sliders",
        "/settings/",
        (Right.EDIT_POLICY, Right.EDIT_SECRETS, Right.SIGN_AGREEMENT),
        is_end=True,
        about=_("Shops, people, couriers, platforms and what a shop decides."),
    ),
)


# Pages beside the rail that the palette leads to.
PLACES = (
    Entry("assign_list", _("Assignment"), "team", "", (Right.ASSIGN_WORK,)),
    Entry("confirm_list", _("Confirmation"), "chat", "", (Right.AGREE_CASE,)),
    Entry("interception_queues", _("Interceptions by cause"), "turn", "", (Right.SEE_ORDERS,)),
    Entry("interceptions_effect", _("What interception saved"), "board", "", (Right.SEE_ORDERS,)),
    Entry("couriers", _("What each courier can do"), "truck", "", (Right.OPERATE_JOBS, Right.SEE_MESSAGES)),
    Entry("messages", _("Messages"), "chat", "", (Right.SEE_MESSAGES,)),
    Entry("damage_rate", _("Damage rate"), "alert", "", (Right.RECEIVE_PARCEL, Right.DRAFT_CLAIM)),
    Entry("replies", _("Quick replies"), "chat", "", (Right.REMARK_ORDER,)),
    Entry("password_change", _("Change the password"), "key", ""),
    Entry("help", _("Help"), "info", ""),
)


def places(held: set[str]) -> list[tuple[Entry, str]]:
    """Every page somebody with these rights may open by name: the rail's, then the others."""
    found = _rooms(get_urlconf() or settings.ROOT_URLCONF)
    return [(entry, url) for entry, url in found if not entry.rights or held.intersection(entry.rights)]


def entries(held: set[str], path: str) -> list[dict[str, Any]]:
    """The rail's rows for somebody with these rights, in order, with the room they stand in marked."""
    return [
        {"entry": entry, "url": url, "is_here": path.startswith(entry.path)}
        for entry, url in _rooms(get_urlconf() or settings.ROOT_URLCONF)
        if entry.path and (not entry.rights or held.intersection(entry.rights))
    ]


@lru_cache(maxsize=8)
def _rooms(urlconf: str) -> tuple[tuple[Entry, str], ...]:
    """The rooms this installation has, with their addresses: resolved once, every page shows them twice."""
    found = []
    for entry in (*ENTRIES, *PLACES):
        with suppress(NoReverseMatch):
            found.append((entry, reverse(entry.name, urlconf=urlconf)))
    return tuple(found)
