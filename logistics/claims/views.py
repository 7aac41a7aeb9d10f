"""Claims on couriers: the queues with their clocks, one claim with its evidence, and its verbs."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from logistics.claims import amounts, evidence, lists, policies, services
from logistics.claims.enums import Basis, Cause, FiledThrough, PaidThrough
from logistics.claims.enums import ClaimState as S
from logistics.claims.forms import (
    AcceptClaimForm,
    BookPaymentForm,
    DraftClaimForm,
    EditClaimForm,
    FileClaimForm,
    ParcelForm,
)
from logistics.claims.models import Claim
from logistics.couriers.names import courier_name
from logistics.parcels.models import Package
from merchant.attachments.services import read_files
from merchant.ledger.models import LedgerEntry
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from merchant.refusals import Refused, refusals_as_messages
from merchant.shops.models import CourierAccount, Shop
from merchant.trail import timeline
from merchant.ui.access import SignedInRequest
from merchant.ui.buttons import Button, button
from merchant.ui.forms import ReasonGivenForm

WITH = ("package", "package__account", "package__order", "interception", "shop", "created_by", "filed_by")


@login_required
@require_safe
def claims(request: SignedInRequest) -> HttpResponse:
    """What is to file, with the courier, to be paid; each row with its clock and its next step."""
    counted = lists.counts(request.user)
    default = next((name for name in ("file", "pay", "waiting", "rejected") if counted[name]), "file")
    wanted = lists.Filters.read(request.GET, default)
    rows, next_key = lists.page(request.user, wanted, request.GET.get("after", ""))
    couriers = CourierAccount.objects.filter(shop_id__in=shops_of(request.user)).values_list("courier", flat=True)
    context = {
        "filters": wanted,
        "tabs": [(tab, counted.get(tab.name)) for tab in lists.TABS],
        "rows": [{"claim": row, "step": next_step(row, request.user)} for row in rows],
        "next_key": next_key,
        "is_first": not request.GET.get("after"),
        "couriers": [(code, courier_name(code)) for code in sorted(set(couriers))],
        "causes": Cause.choices,
        "bases": Basis.choices,
        "total_fen": sum(row.claimed_fen for row in rows),
        "shops": Shop.objects.visible_to(request.user).order_by("pk"),
        "may_draft": any(
            can(request.user, shop, Right.FILE_CLAIM) or can(request.user, shop, Right.DRAFT_CLAIM)
            for shop in shops_of(request.user)
        ),
    }
    return render(request, "logistics/claims.html", context)


def buttons(claim: Claim, user: User) -> list[Button]:
    """The verbs near this claim's state, each asked of its own policy; the first is the next step."""
    found = []
    if claim.state == S.DRAFT:
        found.append(button("file", _("File the claim"), policies.check_can_file, claim, user))
        found.append(button("edit", _("Correct the amounts"), policies.check_can_edit, claim, user))
    if claim.state in (S.FILED, S.APPEALED):
        found.append(button("accept", _("The courier agrees"), policies.check_can_answer, claim, user))
        found.append(button("reject", _("The courier refuses"), policies.check_can_answer, claim, user))
    if claim.state == S.ACCEPTED:
        found.append(button("pay", _("Book the payment"), policies.check_can_book, claim, user))
    if claim.state == S.REJECTED:
        found.append(button("appeal", _("Appeal"), policies.check_can_appeal, claim, user))
    if claim.state == S.PAID:
        found.append(button("close", _("Close the claim"), policies.check_can_close, claim, user))
    if claim.state in (S.DRAFT, S.FILED, S.REJECTED, S.APPEALED):
        found.append(button("withdraw", _("Nothing was lost"), policies.check_can_withdraw, claim, user))
    if claim.state not in (S.PAID, S.CLOSED):
        found.append(button("give-up", _("Give it up"), policies.check_can_give_up, claim, user))
    return found


def next_step(claim: Claim, user: User) -> Button | None:
    """What the list offers: the first verb, told apart by whether this person may do it now."""
    return next(iter(buttons(claim, user)), None)


def _claim(request: SignedInRequest, shop_id: int, number: str) -> Claim:
    rows = Claim.objects.visible_to(request.user).select_related(*WITH)
    return get_object_or_404(rows, shop_id=shop_id, number=number)


@login_required
@require_safe
def claim_detail(request: SignedInRequest, shop_id: int, number: str) -> HttpResponse:
    """One claim: what was lost, what proves it, what the courier said, what stands in the books."""
    claim = _claim(request, shop_id, number)
    stopped = claim.interception
    came_home = claim.cause == Cause.LOST and stopped is not None and stopped.returned_at is not None
    context = {
        "claim": claim,
        "buttons": buttons(claim, request.user),
        "photos": button("photos", _("Add the photos"), policies.check_can_add_photos, claim, request.user),
        "lines": list(claim.package.lines.select_related("order_line__listing").order_by("order_line_id")),
        "files": evidence.files_of(claim),
        "least": evidence.LEAST_PHOTOS,
        "cap_fen": amounts.cap_fen(claim.package, claim.insured_fen),
        "entries": timeline.entries_of(claim),
        "booked": list(
            LedgerEntry.objects.filter(
                shop_id=claim.shop_id, document=claim.number, order_number=claim.order_number
            ).order_by("pk")
        ),
        "is_found": came_home and claim.is_open and claim.state != S.DRAFT,
        "bases": Basis.choices,
        "ways_filed": FiledThrough.choices,
        "ways_paid": PaidThrough.choices,
    }
    return render(request, "logistics/claim_detail.html", context)


def _file(request: SignedInRequest, claim: Claim) -> str:
    services.file_claim(claim, by=request.user, **FileClaimForm(request.POST).checked())
    return _("Filed. Write down here what the courier answers.")


def _edit(request: SignedInRequest, claim: Claim) -> str:
    typed = EditClaimForm(request.POST).checked()
    fresh = services.edit_claim(
        claim,
        by=request.user,
        loss_fen=typed["loss"],
        basis=typed["basis"],
        insured_fen=typed["insured"],
        note=typed["note"],
    )
    return _("The claim asks for ¥%(sum)s.") % {"sum": f"{fresh.claimed_fen / 100:.2f}"}


def _photos(request: SignedInRequest, claim: Claim) -> str:
    policies.check_can_add_photos(claim, request.user)
    # Pictures take time to read and redraw: before the transaction, and only for who may.
    files = read_files(request.FILES.getlist("photos"))
    services.add_photos(claim, by=request.user, files=files)
    return _("The photos are kept with the claim.")


def _accept(request: SignedInRequest, claim: Claim) -> str:
    services.accept_claim(claim, by=request.user, agreed_fen=AcceptClaimForm(request.POST).checked()["agreed"])
    return _("Finance books the payment when it is there.")


def _reject(request: SignedInRequest, claim: Claim) -> str:
    services.reject_claim(claim, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("Written down. It can be appealed once.")


def _appeal(request: SignedInRequest, claim: Claim) -> str:
    services.appeal_claim(claim, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("Appealed.")


def _pay(request: SignedInRequest, claim: Claim) -> str:
    typed = BookPaymentForm(request.POST).checked()
    fresh = services.book_payment(
        claim, by=request.user, paid_fen=typed["paid"], through=typed["through"], reference=typed["reference"]
    )
    return _("Booked. A loss of ¥%(sum)s stays with the shop.") % {"sum": f"{fresh.own_loss_fen / 100:.2f}"}


def _close(request: SignedInRequest, claim: Claim) -> str:
    services.close_claim(claim, by=request.user)
    return _("Closed.")


def _give_up(request: SignedInRequest, claim: Claim) -> str:
    services.give_up_claim(claim, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("Given up: the loss is booked.")


def _withdraw(request: SignedInRequest, claim: Claim) -> str:
    services.withdraw_claim(claim, by=request.user, **ReasonGivenForm(request.POST).checked())
    return _("Withdrawn.")


VERBS: dict[str, Callable[[SignedInRequest, Claim], str]] = {
    "file": _file,
    "edit": _edit,
    "photos": _photos,
    "accept": _accept,
    "reject": _reject,
    "appeal": _appeal,
    "pay": _pay,
    "close": _close,
    "give-up": _give_up,
    "withdraw": _withdraw,
}


@login_required
@require_POST
def claim_verb(request: SignedInRequest, shop_id: int, number: str, verb: str) -> HttpResponse:
    claim = _claim(request, shop_id, number)
    if verb not in VERBS:
        raise Http404
    with refusals_as_messages(request):
        messages.success(request, VERBS[verb](request, claim))
    return redirect("claim_detail", shop_id=shop_id, number=number)


@login_required
@require_POST
def claim_draft(request: SignedInRequest) -> HttpResponse:
    """A claim by hand, for a parcel found by its tracking number."""
    target = ParcelForm(request.POST).checked()
    shop = get_object_or_404(Shop.objects.visible_to(request.user), pk=target["shop"] or 0)
    with refusals_as_messages(request):
        package = _package(request.user, shop.pk, target["waybill"])
        typed = DraftClaimForm(request.POST).checked()
        claim = services.draft_claim(
            package,
            by=request.user,
            cause=typed["cause"],
            basis=typed["basis"],
            loss_fen=typed["loss"],
            note=typed["note"],
        )
        return redirect("claim_detail", shop_id=claim.shop_id, number=claim.number)
    return redirect("claims")


def _package(user: User, shop_id: int, waybill: str) -> Package:
    rows = Package.objects.seen_in(shop_id, user).in_force().select_related("order", "account", "shop")
    package = rows.filter(waybill=waybill[:40]).order_by("-pk").first()
    if package is None:
        raise Refused("WAYBILL", _("There is no parcel of this shop with that tracking number."))
    return package
