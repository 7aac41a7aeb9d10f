"""The page asks every second or two what changed. Mostly nothing did, and then the answer costs one look at Redis."""

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from cs_workbench.cases import action, subject
from cs_workbench.cases.subject import Subject
from cs_workbench.desk import panes, queue
from cs_workbench.desk.stamps import stamps_of
from cs_workbench.desk.views import decision_of, shown_in
from cs_workbench.orders.drawing import order_card
from merchant import live_updates
from merchant.notices import services as notices
from merchant.people.models import Membership, User
from merchant.people.visibility import shops_of
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int
from orders.record.models import Order

# As many cards as a page may hold open and still be compared in one statement.
CARDS = 100


@login_required
@require_safe
def desk_pulse(request: SignedInRequest) -> HttpResponse:
    """What changed since the page last looked: nothing is a 204. Lines keep their place; new ones are announced.

    `seen` is what the last answer said (header HX-Trigger, desk:seen); while nothing of the person's shops moved and no
    clock had time to run out, nothing is read. `cards` are the shown orders with their stamps, `id:stamp`."""
    asked = request.GET
    order = parse_int(asked.get("look", ""))
    seen, others = live_updates.look(shops_of(request.user), look_at=str(order or ""), by=request.user.pk)
    parts: list[str] = []
    if ",".join(map(str, others)) != asked.get("others", "") and order is not None:
        parts += _others(request, order, others)
    if not seen or seen != asked.get("seen"):
        parts += _changed(request) + _notices(request)
    answer = HttpResponse("".join(parts)) if parts else HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({"desk:seen": {"seen": seen}})
    return answer


@login_required
@require_POST
def desk_leave(request: SignedInRequest) -> HttpResponse:
    """The page closes: colleagues need not wait until this person counts as gone."""
    order = parse_int(request.POST.get("look", ""))
    if order is not None:
        live_updates.leave(str(order), by=request.user.pk)
    return HttpResponse(status=204)


def _others(request: SignedInRequest, order_id: int, others: list[int]) -> list[str]:
    """Who else looks: told of an order this person may see, and only of those who belong to its shop, since anybody may
    say that they look at any number."""
    shop_id = Order.objects.visible_to(request.user).filter(pk=order_id).values_list("shop_id", flat=True).first()
    people = User.objects.none()
    if shop_id is not None:
        is_there = Exists(Membership.objects.filter(user=OuterRef("pk"), shop_id=shop_id, is_active=True))
        people = User.objects.filter(is_there | Q(is_platform_admin=True), pk__in=others).order_by("pk")
    told = ",".join(str(person.pk) for person in people)
    if told == request.GET.get("others", ""):
        return []
    context = {"people": list(people), "others": told, "is_oob": True}
    return [render_to_string("cs_workbench/_presence.html", context, request)]


def _notices(request: SignedInRequest) -> list[str]:
    """The bell where it would say something else, and what came since as toasts."""
    told = request.GET.get("bell", "")
    rings = notices.bell_of(request.user)
    if not told or told == rings.stamp:
        return []
    parts = [_drawn("components/bell.html", {"rings": rings}, request)]
    newest = parse_int(told.partition(".")[2]) or 0
    if rings.newest > newest and (news := notices.news_since(request.user, newest)):
        parts.append(_drawn("components/toasts_of_notices.html", {"news": news}, request))
    return parts


def _changed(request: SignedInRequest) -> list[str]:
    asked = request.GET
    opened = subject.asked(request.user, asked.get("open", ""))
    found = queue.read(
        request.user, queue.view_of(asked), here=opened.key if opened else "", keep=shown_in(asked) or []
    )
    parts = []
    if found.token != asked.get("token"):
        parts.append(_drawn("cs_workbench/_queue.html", {"queue": found, "opened": opened}, request))
    if opened is not None:
        if stamp_of(opened) != asked.get("stamp"):
            [card] = panes.some(request.user, [opened.order.pk], current=opened.order.pk)
            context = {"opened": opened} | decision_of(request, opened, card)
            parts.append(_drawn("cs_workbench/_decision_live.html", context, request))
        parts += _cards(request, opened)
    return parts


def _cards(request: SignedInRequest, opened: Subject) -> list[str]:
    """The cards that would look different now."""
    told = dict(part.partition(":")[::2] for part in request.GET.get("cards", "").split(",")[:CARDS] if part)
    shown = {pk: stamp for text, stamp in told.items() if (pk := parse_int(text)) is not None}
    now = stamps_of(list(shown))
    changed = [pk for pk, stamp in shown.items() if pk in now and now[pk] != stamp]
    cards = panes.some(request.user, changed, current=opened.order.pk) if changed else []
    csrf = get_token(request)
    return [order_card(request, card, csrf=csrf, on_desk=True, ticks=True, is_oob=True) for card in cards]


def stamp_of(opened: Subject) -> str:
    return action.stamp(opened.case) if opened.case else str(opened.order.version)


def _drawn(template: str, context: dict[str, Any], request: SignedInRequest) -> str:
    return render_to_string(template, {"is_oob": True} | context, request)
