"""The few words templates say over and over: an icon, a sum, a state, an instant, the time left, the rail."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from markupsafe import Markup

from merchant.clock import SHANGHAI
from merchant.money import yuan
from merchant.notices.services import Bell, bell_of
from merchant.personal_data import mask_text
from merchant.ui import buttons
from merchant.ui import navigation as rails
from merchant.ui.drawing import draw
from merchant.ui.formatting import ago, instant_text, length, length_text, money, urgency
from merchant.vault import raw_masking
from merchant.vault.models import PiiReveal

register = template.Library()
register.filter(money)
register.filter("lasted", length)
register.filter(ago)

# One shape and colour a state: wait ○ run ◐ done ✓ late ▲ fail ✕ rule ◆ hold ❚❚ shut □ (components/controls.css).
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
    "paper": {
        "counting": "run",
        "filed": "wait",
        "approved": "done",
        "discarded": "shut",
        "sent": "run",
        "received": "done",
        "expected": "wait",
        "ended": "shut",
        "waiting": "wait",
        "running": "run",
        "done": "done",
        "failed": "fail",
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
    "claim": {
        "draft": "wait",
        "filed": "run",
        "accepted": "run",
        "rejected": "fail",
        "appealed": "run",
        "paid": "done",
        "closed": "shut",
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
    "inspection": {
        "fine": "done",
        "damaged": "fail",
        "differs": "fail",
    },
    "job": {
        "waiting": "wait",
        "running": "run",
        "done": "done",
        "failed": "fail",
        "stopped": "shut",
    },
    "quota": {
        "asked": "wait",
        "applied": "run",
        "approved": "done",
        "refused": "fail",
        "lapsed": "shut",
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


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """A drawn icon of static/icons/icons.svg, hidden from screen readers: the words stand beside it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {css}" if css else "",
        static("icons/icons.svg"),
        name,
    )


@register.filter
def minus(fen: int) -> str:
    """A deduction: 500 fen → −¥5.00, nothing deducted → ¥0.00."""
    return f"−¥{yuan(fen)}" if fen else "¥0.00"


@register.filter
def yuan_input(fen: int | None) -> str:
    """A sum as a form field holds it: 8800 → 88.00, none → nothing."""
    return "" if fen is None else yuan(fen).replace(",", "")


@register.filter
def instant(at: datetime | None) -> SafeString | str:
    """An instant as a <time>: short on the page, to the second in the tooltip."""
    if at is None:
        return "–"
    local = at.astimezone(SHANGHAI)
    title = f"{local:%Y-%m-%d %H:%M:%S}"
    # Digits and marks only: nothing of it needs escaping, and a list shows a hundred of them.
    return SafeString(
        f'<time datetime="{local.isoformat(timespec="seconds")}" title="{title}">{instant_text(at)}</time>'
    )


@register.filter
def instant_plain(at: datetime | None) -> str:
    """The same without markup, for attributes and drawings."""
    return "–" if at is None else instant_text(at)


@register.simple_tag
def took(start: datetime, end: datetime) -> str:
    """How long it lasted."""
    return length(end - start)


@register.filter
def masked(text: str | None) -> str:
    """Somebody's words with the personal data in them hidden."""
    return mask_text(str(text)) if text else ""


@register.filter
def mask_raw(text: str) -> str:
    """A courier's raw answer with personal data masked."""
    return raw_masking.shown(text.encode()) if text else ""


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
    # Written out: a queue counts fifty of them down, and but for the words nothing in it needs escaping.
    title = due_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return SafeString(
        f'<span class="left {urgency(due_at, now)}" data-due="{int(due_at.timestamp() * 1000)}"'
        f'{" data-prefix" if prefix else ""} title="{title}">{escape(text)}</span>'
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
    return _chip(KINDS.get(machine, {}).get(str(state), "shut"), str(label or state), bare)


@lru_cache(maxsize=1024)
def _chip(kind: str, label: str, bare: bool) -> SafeString:
    return format_html('<span class="chip{} {}">{}</span>', " chip-bare" if bare else "", kind, label)


@register.simple_tag
def flag(number: int, label: Any = "", words: bool = False) -> SafeString:
    """A remark's flag: drawn, and named for those who do not see colours."""
    return _flag(number, str(label), _("%(colour)s flag") % {"colour": label}, words)


@lru_cache(maxsize=64)
def _flag(number: int, label: str, name: str, words: bool) -> SafeString:
    return format_html(
        '<span class="flag f-{}" title="{}">{}<span{}>{}</span></span>',
        number,
        name,
        icon("flag"),
        "" if words else mark_safe(' class="vh"'),
        label if words else name,
    )


@register.simple_block_tag
def trimmed(content: str) -> SafeString:
    """Its content, already rendered, without the line breaks around it, where they would be seen."""
    return SafeString(content.strip())


@register.simple_tag
def dots(*parts: Any) -> SafeString:
    """What there is of it, with a dot between: 2 kinds·last week. An instant is written as `instant` writes it."""
    said = (instant(part) if isinstance(part, datetime) else part for part in parts if part)
    return format_html_join("·", "{}", ((part,) for part in said))


@register.simple_tag(takes_context=True)
def of_shop(context: template.Context, row: Any) -> SafeString | str:
    """The shop's name after a dot, for whoever sees more than one; `row.shop` is not read for the others."""
    return format_html("·{}", row.shop.name) if len(context.get("shop_ids") or ()) > 1 else ""


@register.filter
def with_gaps(parts: Iterable[Any], look: str) -> SafeString:
    """The parts of a reply (cs_workbench/replies), what is still to fill in drawn as a `mark` or as a `tag`."""
    if look == "mark":
        gap = str(format_html('<mark title="{}">{{}}</mark>', _("not known for this order")))
    else:
        gap = '<span class="tag">{}</span>'
    shown = (format_html(gap, part.text) if part.is_missing else part.text for part in parts)
    return format_html_join("", "{}", ((text,) for text in shown))


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
    """`data-theme` from the reader's cookie; without one the system decides. `data-density` as the
    person chose. In the markup, so nothing flashes."""
    request = context.get("request")
    theme = request.COOKIES.get("hc_theme", "") if request else ""
    density = getattr(getattr(request, "user", None), "density", "")
    told = {"theme": theme if theme in {"light", "dark"} else "", "density": density}
    return format_html_join("", ' data-{}="{}"', [pair for pair in told.items() if pair[1]])


@register.simple_tag(takes_context=True)
def places(context: template.Context) -> list[tuple[Any, str]]:
    """(entry, address) of every page this person may open by name."""
    return rails.places(context.get("shop_rights") or set())


CODED = re.compile(r"^(.*\S)\s+\[([A-Z][A-Z0-9_-]*)\]$", re.DOTALL)


@register.filter
def sentence(refusal: object) -> SafeString | str:
    """A refusal's sentence; its rule's code waits in the tooltip, and is read out with it."""
    found = CODED.match(str(refusal))
    if found is None:
        return str(refusal)
    return format_html('<span title="{1}">{0}</span><span class="vh"> [{1}]</span>', *found.groups())


@register.simple_tag
def refused(button: buttons.Button, *sentence_id: Any, opens: Any = "") -> SafeString | str:
    """`<button class="btn" {% refused verb "no-verb" %}>`: see `merchant.ui.buttons.attributes`."""
    return buttons.attributes(button, "".join(map(str, sentence_id)), opens)


@register.simple_tag
def refusal(button: buttons.Button, *sentence_id: Any, look: str = "refusal") -> SafeString | str:
    return buttons.refusal(button, "".join(map(str, sentence_id)), look)


@register.simple_tag(takes_context=True)
def rail(context: template.Context) -> list[dict[str, Any]]:
    """The rail of this person: only rooms their role may enter; the one they stand in is marked."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return []
    return rails.entries(context.get("shop_rights") or set(), request.path)


@register.simple_tag(takes_context=True)
def bell(context: template.Context) -> Bell | None:
    """What this person has not read; one statement a page."""
    request = context.get("request")
    return bell_of(request.user) if request is not None and request.user.is_authenticated else None


@register.filter
def seen_from(look: PiiReveal) -> str:
    """Where somebody looked from, as the audit row keeps it."""
    page, _space, number = look.reason.partition(" ")
    return _("case %(number)s") % {"number": number} if page == "case" else _("the order's page")


@register.simple_tag
def demo_courier() -> str:
    """In the demo the control page of the courier sandbox, where one says what the courier does; elsewhere nothing."""
    return f"{settings.COURIER_SANDBOX_URL}/" if settings.IS_DEMO else ""


@register.simple_tag
def demo_platform() -> str:
    """The same of the platform sandbox."""
    return f"{settings.PLATFORM_SANDBOX_URL}/" if settings.IS_DEMO else ""


@register.simple_tag
def fixed_part(template: str) -> SafeString:
    """A partial that says the same on every page of one language: drawn once a process, not once a page."""
    draw = _fixed_part.__wrapped__ if settings.DEBUG else _fixed_part
    return draw(get_language(), template)


@lru_cache(maxsize=32)
def _fixed_part(_language: str | None, template: str) -> SafeString:
    return render_to_string(template)


@register.simple_tag
def url_or_none(name: str, *args: Any) -> str:
    """The address of a page, or nothing where this installation does not have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.simple_tag
def thumb(small: bool = False, picture: int | None = None) -> Markup:
    """A product's picture (the id of its attachment), or its place."""
    return draw("parts.html", "thumb", small=small, picture=picture)


@register.simple_tag
def copy(text: str) -> Markup:
    """A button that copies `text`."""
    return draw("parts.html", "copy", text)
