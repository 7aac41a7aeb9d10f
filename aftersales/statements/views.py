"""Statements: what the channels say they paid, day by day, and the queue of what differs from our books."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Q, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from aftersales.statements import errands, reading, services
from aftersales.statements.enums import WRITABLE, DifferenceState, RowKind
from aftersales.statements.forms import NoteForm, PullStatementForm, StatementShopForm, TakeStatementForm
from aftersales.statements.models import Difference, StatementFile, StatementRow
from merchant.clock import SHANGHAI, now
from merchant.errands import services as called
from merchant.ledger.models import LedgerEntry
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from merchant.platforms.registry import with_bills
from merchant.refusals import refusals_as_messages
from merchant.shops.models import PlatformAccount, Shop
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.query_params import key_of_page, page_key

SIZE, DAYS, FILES, CAP = 50, 14, 20, 999
TABS = ("open", "settled", "days", "files")


def _settling_shops(user: User) -> list[Shop]:
    return [shop for shop in Shop.objects.visible_to(user).order_by("name") if can(user, shop, Right.SETTLE_STATEMENT)]


@login_required
@require_safe
def statements(request: SignedInRequest) -> HttpResponse:
    """The open differences first; then the days with both sums, and the files they came from."""
    wanted = request.GET.get("tab", "")
    tab = wanted if wanted in TABS else "open"
    shops = shops_of(request.user)
    open_count = Difference.objects.visible_to(request.user).open().order_by()[: CAP + 1].count()
    labels = {"open": _("Differences"), "settled": _("Settled"), "days": _("By day"), "files": _("Files")}
    settling = _settling_shops(request.user)
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": [(name, labels[name], open_count if name == "open" else None) for name in TABS],
        "shops": settling,
        "accounts": list(
            PlatformAccount.objects.filter(platform__in=with_bills(), is_active=True, shop__in=settling)
            .select_related("shop")
            .order_by("pk")
        ),
        "yesterday": now().astimezone(SHANGHAI).date() - timedelta(days=1),
    }
    rows: list[Difference] = []
    if tab in ("open", "settled"):
        rows, context["next_key"] = _differences(request.user, tab, request.GET.get("after", ""))
        context["rows"] = [{"difference": row, "buttons": buttons(row, request.user)} for row in rows]
        context["has_read"] = bool(rows) or StatementFile.objects.visible_to(request.user).filter(state="read").exists()
        context["is_first"] = not request.GET.get("after")
    elif tab == "days":
        context["days"] = _days(shops)
    else:
        files = StatementFile.objects.visible_to(request.user).defer("body").select_related("shop", "by")
        context["files"] = list(files.order_by("-created_at", "-pk")[:FILES])
    context["errands"] = called.about(*context["accounts"], *rows)
    return render(request, "aftersales/statements.html", context)


def _differences(user: User, tab: str, key: str) -> tuple[list[Difference], str]:
    rows = Difference.objects.visible_to(user)
    rows = rows.open() if tab == "open" else rows.exclude(state=DifferenceState.OPEN)
    rows = rows.select_related("shop", "row", "refund", "refund__order", "filed_by", "settled_by")
    if tab == "open":
        return list(rows.order_by("book_date", "pk")[: SIZE * 2]), ""
    start = page_key(key)
    if start is not None:
        rows = rows.filter(TupleLessThan(Tuple(F("created_at"), F("id")), start))
    found = list(rows.order_by("-created_at", "-pk")[: SIZE + 1])
    last = found[SIZE - 1] if len(found) > SIZE else None
    return found[:SIZE], key_of_page(last.created_at, last.pk) if last else ""


def _days(shops: list[int]) -> list[dict[str, Any]]:
    """The last days with a statement: the channel's sum beside ours and the ledger's. Three statements in all."""
    since = now().astimezone(SHANGHAI).date() - timedelta(days=DAYS)
    theirs = (
        StatementRow.objects.filter(shop_id__in=shops, book_date__gte=since)
        .order_by()
        .values("shop_id", "shop__name", "channel", "book_date")
        .annotate(
            fen=Sum("amount_fen", filter=Q(kind=RowKind.REFUND), default=0),
            count=Count("pk", filter=Q(kind=RowKind.REFUND)),
        )
    )
    ours = {
        (row["shop_id"], row["channel"], row["day"]): (row["fen"], row["count"])
        for row in Refund.objects.filter(shop_id__in=shops, state=RefundState.SUCCESS, settled_at__date__gte=since)
        .order_by()
        .values("shop_id", "channel", day=F("settled_at__date"))
        .annotate(fen=Sum("amount_fen"), count=Count("pk"))
    }
    open_by_day = {
        (row["shop_id"], row["channel"], row["book_date"]): row["count"]
        for row in Difference.objects.open()
        .filter(shop_id__in=shops, book_date__gte=since)
        .order_by()
        .values("shop_id", "channel", "book_date")
        .annotate(count=Count("pk"))
    }
    booked = _booked(shops, since)
    days = []
    for row in sorted(theirs, key=lambda row: (row["book_date"], row["shop_id"]), reverse=True):
        key = (row["shop_id"], row["channel"], row["book_date"])
        fen, count = ours.get(key, (0, 0))
        days.append({**row, "ours_fen": fen, "ours_count": count, "booked_fen": booked.get(key, 0)})
        days[-1]["open"] = open_by_day.get(key, 0)
    return days


def _booked(shops: list[int], since: date) -> dict[tuple[int, str, date], int]:
    """What the ledger has as paid, by the channel of the refund it names."""
    entries = list(
        LedgerEntry.objects.filter(shop_id__in=shops, kind="refund.success", book_date__gte=since).values_list(
            "shop_id", "document", "book_date", "amount_fen"
        )
    )
    channels = dict(
        Refund.objects.filter(
            shop_id__in=shops, number__in={document for _shop, document, _day, _fen in entries}
        ).values_list("number", "channel")
    )
    found: dict[tuple[int, str, date], int] = {}
    for shop_id, document, day, fen in entries:
        key = (shop_id, channels.get(document, ""), day)
        found[key] = found.get(key, 0) + fen
    return found


def buttons(difference: Difference, user: User) -> list[Button]:
    """The verbs of an open difference, each asked of the policy that guards it."""
    if difference.state != DifferenceState.OPEN:
        return []
    found = []
    if difference.refund_id is not None and difference.kind not in WRITABLE:
        found.append(button("ask", _("Ask the channel"), services.check_can_ask, difference, user))
    found.append(button("explain", _("Explain"), services.check_can_explain, difference, user))
    if difference.filed_by_id is None and difference.kind in WRITABLE:
        found.append(button("file", _("File a write-off"), services.check_can_file_write_off, difference, user))
    if difference.filed_by_id is not None:
        check = services.check_can_confirm_write_off
        found.append(button("confirm", _("Confirm the write-off"), check, difference, user))
    return found


def _ask(request: SignedInRequest, row: Difference) -> str:
    errands.submit_ask(row, by=request.user)
    return ""


def _explain(request: SignedInRequest, row: Difference) -> str:
    services.explain_difference(row, by=request.user, **NoteForm(request.POST).checked())
    return _("Explained.")


def _file(request: SignedInRequest, row: Difference) -> str:
    services.file_write_off(row, by=request.user, **NoteForm(request.POST).checked())
    return _("Filed. A second person must confirm it.")


def _confirm(request: SignedInRequest, row: Difference) -> str:
    services.confirm_write_off(row, by=request.user)
    return _("Written off.")


VERBS: dict[str, Callable[[SignedInRequest, Difference], str]] = {
    "ask": _ask,
    "explain": _explain,
    "file": _file,
    "confirm": _confirm,
}


@login_required
@require_POST
def difference_verb(request: SignedInRequest, pk: int, verb: str) -> HttpResponse:
    row = get_object_or_404(Difference.objects.visible_to(request.user).select_related("shop", "refund"), pk=pk)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        if said := VERBS[verb](request, row):
            messages.success(request, said)
    return redirect("statements")


@login_required
@require_POST
def statement_take(request: SignedInRequest) -> HttpResponse:
    """A statement somebody downloaded from the channel's pages."""
    wanted = StatementShopForm(request.POST).checked()["shop"]
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=wanted or 0)
    with refusals_as_messages(request):
        typed = TakeStatementForm(request.POST, request.FILES).checked()
        upload = typed["file"]
        reading.file_statement(
            shop,
            upload.name or "",
            upload.read(),
            by=request.user,
            from_date=typed["from_date"],
            to_date=typed["to_date"],
        )
        messages.success(request, _("Taken in. It is read in the background; the result stands under Files."))
    return redirect(f"{reverse('statements')}?tab=files")


@login_required
@require_POST
def statement_pull(request: SignedInRequest, pk: int) -> HttpResponse:
    """Fetch one day's statement of this account now."""
    account = get_object_or_404(
        PlatformAccount.objects.visible_to(request.user).select_related("shop"), pk=pk, platform__in=with_bills()
    )
    with refusals_as_messages(request):
        day = PullStatementForm(request.POST).checked()["day"]
        errands.submit_pull(account, day, by=request.user)
    return redirect(f"{reverse('statements')}?tab=files")


@login_required
@require_POST
def statement_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read a file once more that could not be read."""
    file = get_object_or_404(StatementFile.objects.visible_to(request.user).defer("body"), pk=pk)
    with refusals_as_messages(request):
        reading.read_statement_again(file, by=request.user)
        messages.success(request, _("It is read again in the background."))
    return redirect(f"{reverse('statements')}?tab=files")
