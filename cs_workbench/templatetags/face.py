"""The few words templates say over and over: an icon, a sum, a state, an instant, the time left, the rail."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cs_workbench import rail as rails
from merchant.clock import SHANGHAI
from merchant.money import yuan

register = template.Library()

# One shape and colour a state: wait ○ run ◐ done ✓ late ▲ fail ✕ rule ◆ hold ❚❚ shut □ (static/css/components/chip.css).
KINDS: dict[str, dict[str, str]] = {
    "order": {
        "pending_payment": "wait",
        "pending_review": "wait",
        "pending_assign": "wait",
        "pending_confirm": "wait",
        "to_fulfil": "wait",
        "packed": "wait",
        "partly_shipped": "run",
        "shipped": "run",
        "received": "done",
        "completed": "done",
        "closed": "shut",
        "archived": "shut",
    },
    "case": {
        "applied": "wait",
        "wait_buyer_reply": "wait",
        "intercepting": "run",
        "refunding": "run",
        "wait_buyer_return": "wait",
        "wait_seller_receive": "run",
        "inspecting": "run",
        "wait_seller_resend": "wait",
        "repairing": "run",
        "wait_buyer_receive": "run",
        "refused": "fail",
        "refused_after_return": "fail",
        "platform": "rule",
        "refund_failed": "late",
        "success": "done",
        "closed": "shut",
        "cancelled": "shut",
    },
    "interception": {
        "submitted": "run",
        "running": "run",
        "succeeded": "done",
        "failed": "fail",
        "withdrawn": "shut",
        "returning": "run",
        "returned": "done",
        "delivered_anyway": "late",
        "lost_suspect": "late",
        "closed_lost": "shut",
        "closed_ok": "done",
        "closed_damaged": "fail",
    },
    "refund": {
        "created": "wait",
        "approved": "wait",
        "processing": "run",
        "success": "done",
        "wait_funds": "late",
        "abnormal": "late",
        "closed": "fail",
        "rejected": "fail",
        "void": "shut",
        "offline_done": "done",
    },
    "package": {
        "labelled": "wait",
        "picked_up": "run",
        "in_transit": "run",
        "arrived_destination": "run",
        "out_for_delivery": "run",
        "at_locker": "wait",
        "signed": "done",
        "refused": "late",
        "returning": "run",
        "returned": "done",
        "redirected": "run",
        "exception": "late",
        "voided": "shut",
    },
    "message": {
        "verified": "done",
        "forged": "fail",
        "malformed": "fail",
        "oversized": "fail",
        "foreign": "fail",
        "throttled": "late",
        "replayed": "late",
    },
}
SOON = timedelta(hours=6)
LATE = timedelta(hours=1)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A drawn icon of static/icons/icons.svg, hidden from screen readers: the words stand beside it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {css}" if css else "",
        static("icons/icons.svg"),
        name,
    )


@register.filter
def money(fen: int | None) -> str:
    """8800 fen → ¥88.00; −¥5.00 with a real minus; an unknown sum is a dash."""
    if fen is None:
        return "–"
    return f"−¥{yuan(-fen)}" if fen < 0 else f"¥{yuan(fen)}"


@register.filter
def minus(fen: int) -> str:
    """A deduction: 500 fen → −¥5.00, nothing deducted → ¥0.00."""
    return f"−¥{yuan(fen)}" if fen else "¥0.00"


def instant_text(at: datetime, now: datetime | None = None) -> str:
    """Today 14:31:07, this year 11-22 14:31, else 2025-11-22 14:31; Shanghai wall clock."""
    local, today = at.astimezone(SHANGHAI), (now or timezone.now()).astimezone(SHANGHAI)
    if local.date() == today.date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M")


@register.filter
def instant(at: datetime | None) -> SafeString | str:
    """An instant as a <time>: short on the page, to the second in the tooltip."""
    if at is None:
        return "–"
    local = at.astimezone(SHANGHAI)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S"),
        instant_text(at),
    )


def length_text(length: timedelta) -> str:
    """41 min 12 s · 3 h 41 min · 2 d 5 h: the two largest units, never a bare number."""
    seconds = int(abs(length).total_seconds())
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": f"{seconds:02d}"}
    return _("%(seconds)s s") % {"seconds": seconds}


@register.filter
def length(value: timedelta | float | None) -> str:
    """A duration in words; plain numbers are seconds. Below ten seconds one decimal stays, because 1.6 s is the news."""
    if value is None:
        return "–"
    span = value if isinstance(value, timedelta) else timedelta(seconds=float(value))
    if timedelta(0) <= span < timedelta(seconds=10):
        return _("%(seconds)s s") % {"seconds": f"{span.total_seconds():.1f}"}
    return length_text(span)


@register.filter
def ago(at: datetime | None) -> str:
    """How long ago: `23 s ago`. A courier's clock may run ahead of ours; that is `just now`."""
    if at is None:
        return _("never")
    span = timezone.now() - at
    if span < timedelta(seconds=5):
        return _("just now")
    return _("%(length)s ago") % {"length": length_text(span)}


def urgency(due_at: datetime, now: datetime) -> str:
    """`left-late` under an hour or past, `left-soon` under six."""
    left = due_at - now
    return "left-late" if left < LATE else "left-soon" if left < SOON else ""


@register.simple_tag
def left(due_at: datetime | None, prefix: bool = False) -> SafeString | str:
    """Time left, in words, counted down in the browser from the server's instant (static/js/countdown.js)."""
    if due_at is None:
        return ""
    now = timezone.now()
    span = due_at - now
    if span <= timedelta(0):
        text = _("over by %(length)s") % {"length": length_text(span)}
    elif prefix:
        text = _("%(length)s left") % {"length": length_text(span)}
    else:
        text = length_text(span)
    return format_html(
        '<span class="left {}" data-due="{}"{} title="{}">{}</span>',
        urgency(due_at, now),
        int(due_at.timestamp() * 1000),
        mark_safe(" data-prefix") if prefix else "",
        due_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        text,
    )


@register.simple_tag
def countdown_words() -> SafeString:
    """The unit words of `left` for the browser, so that it counts in the page's language."""
    words = {
        "days": _("%(days)s d %(hours)s h") % {"days": "{d}", "hours": "{h}"},
        "hours": _("%(hours)s h %(minutes)s min") % {"hours": "{h}", "minutes": "{m}"},
        "minutes": _("%(minutes)s min %(seconds)s s") % {"minutes": "{m}", "seconds": "{s}"},
        "seconds": _("%(seconds)s s") % {"seconds": "{s}"},
        "over": _("over by %(length)s") % {"length": "{length}"},
        "left": _("%(length)s left") % {"length": "{length}"},
        "now": str(int(timezone.now().timestamp() * 1000)),
    }
    return format_html_join("", ' data-{}="{}"', words.items())


@register.simple_tag
def chip(machine: str, state: str, label: Any = "", bare: bool = False) -> SafeString:
    """A state as colour, word and shape."""
    kind = KINDS.get(machine, {}).get(str(state), "shut")
    return format_html('<span class="chip{} {}">{}</span>', " chip-bare" if bare else "", kind, label or state)


@register.inclusion_tag("components/copy.html")
def copy(text: str) -> dict[str, str]:
    """A button that copies `text`."""
    return {"text": text}


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """`mapping[key]` where the key is itself a variable."""
    return mapping.get(key)


@register.filter
def goods(quantity: int) -> str:
    """3 pieces / 3 件."""
    return ngettext("%(count)s piece", "%(count)s pieces", quantity) % {"count": quantity}


@register.simple_tag(takes_context=True)
def page_theme(context: template.Context) -> SafeString | str:
    """`data-theme` from the reader's cookie; without one the system decides. In the markup, so nothing flashes."""
    request = context.get("request")
    theme = request.COOKIES.get("hc_theme", "") if request else ""
    return format_html(' data-theme="{}"', theme) if theme in {"light", "dark"} else ""


@register.simple_tag(takes_context=True)
def rail(context: template.Context) -> list[dict[str, Any]]:
    """The rail of this person: only rooms their role may enter; the one they stand in is marked."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return []
    return rails.entries(request.user, request.path)


@register.simple_tag
def url_or_none(name: str, *args: Any) -> str:
    """The address of a page, or nothing where this installation does not have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
