"""Operations: do the couriers answer, is anything stuck, who knocked with a forged letter. Retry, pause, poll now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cs_workbench.ops import couriers as courier_page
from cs_workbench.ops import sync
from cs_workbench.ops.known_people import hidden_words
from cs_workbench.ops.processes import label_of
from logistics.watch import services as watching
from logistics.watch.forms import PauseForm
from merchant.clock import now
from merchant.errands import services as errands
from merchant.inbox import services as inbox
from merchant.inbox.models import InboxMessage, InboxTask, InboxVerdict
from merchant.jobs import processes
from merchant.jobs.models import Job, ProcessBeat
from merchant.people.models import User
from merchant.people.rights import Right, can, check_right
from merchant.people.visibility import shops_of
from merchant.refusals import refusals_as_messages
from merchant.retention import services as retention
from merchant.shops.models import CourierAccount, PlatformAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int
from merchant.ui.way_back import way_back
from merchant.vault import raw_masking
from orders.pictures import services as pictures

SIZE = 50
CAP = 1000
# Parked pushes of an account tried again with one press.
RETRIES = 200


def _shops(user: User) -> list[int]:
    """The shops whose machinery this person may look at."""
    return [
        shop for shop in shops_of(user) if can(user, shop, Right.OPERATE_JOBS) or can(user, shop, Right.SEE_MESSAGES)
    ]


def _need_shops(request: SignedInRequest) -> list[int]:
    shops = _shops(request.user)
    if not shops and not request.user.is_platform_admin:
        raise Http404
    return shops


@login_required
@require_safe
def ops(request: SignedInRequest) -> HttpResponse:
    """Couriers, platforms, messages, processes, jobs on one page, worst first. To htmx the part that lives."""
    shops = _need_shops(request)
    at = now()
    context = {
        "at": at,
        "couriers": courier_page.account_rows(shops, request.user),
        "platforms": sync.sync_rows(shops, request.user, at),
        "processes": [
            *processes.signs(),
            *(
                processes.Sign(beat.name, label_of(beat.name), beat.last_ok_at, beat.backlog, processes.is_silent(beat))
                for beat in ProcessBeat.objects.exclude(name__in=processes.NAMES).order_by("name")
            ),
        ],
        "inbox": inbox_figures(shops),
        "kept": retention.lines(shops, is_admin=request.user.is_platform_admin),
        "parked": list(
            _tasks(shops).filter(is_parked=True).select_related("message", "message__shop").order_by("-pk")[:20]
        ),
        "failing": list(
            _tasks(shops)
            .filter(is_parked=False, attempts__gt=0)
            .select_related("message", "message__shop")
            .order_by("next_at")[:20]
        ),
        "jobs": list(Job.objects.filter(shop_id__in=shops).select_related("shop", "by").order_by("-created_at")[:10]),
        "errands": errands.failed_in(shops),
        "pictures": pictures.failures(shops),
        "may_operate": {shop for shop in shops if can(request.user, shop, Right.OPERATE_JOBS)},
        "sees_messages": any(can(request.user, shop, Right.SEE_MESSAGES) for shop in shops),
    }
    return render(request, "cs_workbench/_ops.html" if request.htmx else "cs_workbench/ops.html", context)


def _tasks(shops: list[int]) -> Any:
    return InboxTask.objects.filter(message__shop_id__in=shops)


@login_required
@require_safe
def couriers(request: SignedInRequest) -> HttpResponse:
    """Each courier account: whether it is asked, its lag, its errors, its pushes. To htmx the part that lives."""
    context = courier_page.context(_need_shops(request), request.user)
    return render(request, "cs_workbench/_couriers.html" if request.htmx else "cs_workbench/couriers.html", context)


def inbox_figures(shops: list[int]) -> dict[str, Any]:
    """Waiting, parked, and by verdict what came in the last day; counts stop at 1,000."""
    tasks = _tasks(shops)
    day = InboxMessage.objects.filter(shop_id__in=shops, received_at__gte=now() - timedelta(days=1))
    figures: dict[str, Any] = day.aggregate(
        received=Count("pk"), refused=Count("pk", filter=~Q(verdict=InboxVerdict.VERIFIED))
    )
    figures["waiting"] = tasks.filter(is_parked=False)[:CAP].count()
    figures["parked"] = tasks.filter(is_parked=True)[:CAP].count()
    figures["oldest"] = (
        tasks.filter(is_parked=False)
        .order_by("message__received_at")
        .values_list("message__received_at", flat=True)
        .first()
    )
    return figures


@login_required
@require_safe
def messages_list(request: SignedInRequest) -> HttpResponse:
    """Pushes as they arrived, newest first; refused ones stay on record and are never worked on."""
    shops = [shop for shop in _need_shops(request) if can(request.user, shop, Right.SEE_MESSAGES)]
    rows = InboxMessage.objects.filter(Q(shop_id__in=shops) | _nobodys(request.user)).select_related("shop")
    verdict, source = request.GET.get("verdict", ""), request.GET.get("source", "")[:32]
    if verdict == "refused":
        rows = rows.exclude(verdict=InboxVerdict.VERIFIED)
    elif verdict in InboxVerdict.values:
        rows = rows.filter(verdict=verdict)
    if source:
        rows = rows.filter(source=source)
    before = parse_int(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(
        rows.defer("body")
        .annotate(is_waiting=Exists(InboxTask.objects.filter(pk=OuterRef("pk"))))
        .order_by("-pk")[: SIZE + 1]
    )
    context = {
        "rows": found[:SIZE],
        "next_key": found[SIZE - 1].pk if len(found) > SIZE else "",
        "verdict": verdict,
        "verdicts": InboxVerdict.choices,
        "source": source,
        "is_first": before is None,
    }
    return render(request, "cs_workbench/messages.html", context)


def _nobodys(user: User) -> Q:
    """Messages that knocked at a door of no account belong to no shop: the platform administrator's to see."""
    return Q(shop__isnull=True) if user.is_platform_admin else Q(pk__in=[])


def _message(request: SignedInRequest, pk: int) -> InboxMessage:
    shops = [shop for shop in _shops(request.user) if can(request.user, shop, Right.SEE_MESSAGES)]
    found = InboxMessage.objects.filter(Q(shop_id__in=shops) | _nobodys(request.user)).select_related("shop")
    return get_object_or_404(found, pk=pk)


@login_required
@require_safe
def message_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """One message with its body masked, and what became of it."""
    message = _message(request, pk)
    context = {
        "message": message,
        "body": raw_masking.shown(bytes(message.body), known=hidden_words(message)),
        "task": InboxTask.objects.filter(pk=message.pk).first(),
        "may_retry": message.shop_id is not None and can(request.user, message.shop_id, Right.OPERATE_JOBS),
    }
    return render(request, "cs_workbench/message_detail.html", context)


@login_required
@require_POST
def message_retry(request: SignedInRequest, pk: int) -> HttpResponse:
    message = _message(request, pk)
    with refusals_as_messages(request):
        inbox.retry(message, by=request.user)
        messages.success(request, _("It is worked on again now."))
    return redirect("ops") if request.POST.get("back") == "ops" else redirect("message_detail", pk=pk)


def _pause(account: CourierAccount, by: User, request: SignedInRequest) -> str:
    typed = PauseForm(request.POST).checked()
    until = None if typed["minutes"] is None else now() + timedelta(minutes=typed["minutes"])
    watching.pause_account(account, by=by, reason=typed["reason"], until=until)
    return _("Paused. Nothing more is asked through this account.")


def _resume(account: CourierAccount, by: User, _request: SignedInRequest) -> str:
    watching.resume_account(account, by=by)
    return _("Running again.")


def _poll(account: CourierAccount, by: User, _request: SignedInRequest) -> str:
    count = watching.poll_now(account, by=by)
    return _("%(count)s parcels are asked about now.") % {"count": count}


def _retry(account: CourierAccount, by: User, _request: SignedInRequest) -> str:
    """The account's pushes that were parked for a person."""
    parked = InboxMessage.objects.filter(
        shop=account.shop, source__startswith="courier:", account_id=account.pk, task__is_parked=True
    )
    check_right(by, account.shop_id, Right.OPERATE_JOBS)
    found = list(parked.defer("body").select_related("shop").order_by("pk")[:RETRIES])
    for message in found:
        inbox.retry(message, by=by)
    return _("%(count)s messages are read again now.") % {"count": len(found)}


ACCOUNT_VERBS: dict[str, Callable[[CourierAccount, User, SignedInRequest], str]] = {
    "pause": _pause,
    "resume": _resume,
    "poll": _poll,
    "retry": _retry,
}


@login_required
@require_POST
def account_verb(request: SignedInRequest, pk: int, verb: str) -> HttpResponse:
    account = get_object_or_404(CourierAccount.objects.visible_to(request.user), pk=pk)
    if verb not in ACCOUNT_VERBS:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, ACCOUNT_VERBS[verb](account, request.user, request))
    return redirect("couriers" if request.POST.get("back") == "couriers" else "ops")


@login_required
@require_POST
def platform_pull(request: SignedInRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(PlatformAccount.objects.visible_to(request.user), pk=pk)
    with refusals_as_messages(request):
        sync.pull_now(account, by=request.user)
        messages.success(request, _("What changed at the platform is being read now."))
    return redirect(way_back(request, "ops"))


@login_required
@require_POST
def pictures_retry(request: SignedInRequest, shop_id: int) -> HttpResponse:
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=shop_id)
    with refusals_as_messages(request):
        count = pictures.retry(shop, by=request.user)
        messages.success(request, _("%(count)s pictures of goods are fetched again.") % {"count": count})
    return redirect(way_back(request, "ops"))
