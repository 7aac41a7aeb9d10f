"""The way from an empty product to the first stopped parcel and on: what each step is for, where its values stand,
whether it is done. What is done is read from the rows; only what somebody put off is kept."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from merchant.locking import lock
from merchant.people.models import Actor, Membership, User
from merchant.people.rights import Right, can, check_right, memberships_of
from merchant.platforms.registry import spoken_with
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops.models import Agreement, AgreementKind, CourierAccount, PlatformAccount, Shop
from merchant.trail import activity
from orders.record.models import Order

# States that only a parcel which was stopped comes to.
STOPPED = (
    InterceptionState.SUCCEEDED,
    InterceptionState.RETURNING,
    InterceptionState.RETURNED,
    InterceptionState.CLOSED_OK,
    InterceptionState.CLOSED_DAMAGED,
)


@dataclass(frozen=True)
class Guide:
    """One step as it is told. `where` are sentences, `verb` the button; what cannot be put off has no skipping."""

    name: str
    title: Any
    why: Any
    where: tuple[Any, ...]
    verb: Any
    may_skip: bool = True


GUIDES = (
    Guide(
        "account",
        _("Your account and password"),
        _("You sign in with it; it sees every shop and opens the first one."),
        (),
        _("Your account"),
        may_skip=False,
    ),
    Guide(
        "shop",
        _("The shop"),
        _("Orders, people, accounts and rules hang on a shop. A shop on two platforms is two shops here."),
        (_("Its number stands in the platform's back office as shop or seller id; it can be filled in later."),),
        _("Open the shop"),
        may_skip=False,
    ),
    Guide(
        "staff",
        _("Colleagues"),
        _(
            "Each signs in as themselves: agents decide up to a limit, finance releases money, the warehouse receives "
            "what comes back. Alone you can do most of it; a refund above the second-person limit needs two."
        ),
        (_("You choose a role for each, and pass on a link or a first password yourself."),),
        _("Add a colleague"),
    ),
    Guide(
        "courier",
        _("Courier account"),
        _("The courier is asked in your shop's name where a parcel is, and to stop it. Without it nothing is stopped."),
        (
            _("The courier's open platform shows the keys of your application; its page here says at which address."),
            _("The customer code is that of your contract with the courier."),
        ),
        _("Add a courier account"),
    ),
    Guide(
        "platform",
        _("Platform or payment account"),
        _(
            "Orders and refund requests come in by it, and refunds are paid through it. Without one, orders come from "
            "files and refunds are paid by hand."
        ),
        (_("The platform's open platform shows the keys of your application and the shop's access token."),),
        _("Add a platform account"),
    ),
    Guide(
        "agreement",
        _("Interception agreement"),
        _("The shop allows that its parcels are turned round, and says what follows from it. Only the owner signs."),
        (_("Read it on its page; it can be revoked at any time."),),
        _("Read and sign"),
    ),
    Guide(
        "orders",
        _("Orders"),
        _("A parcel is stopped for an order. A connected platform brings them by itself within minutes; else import."),
        (_("Every platform's back office exports orders as a file; it is read as it is."),),
        _("Import a file"),
    ),
    Guide(
        "first",
        _("The first stopped parcel"),
        _(
            "Take a refund request whose parcel is on the road, press Intercept, and wait for the courier's word: the "
            "refund is then paid by itself."
        ),
        (_("Requests of a connected platform stand on the workbench; for other orders you open a case there."),),
        _("To the workbench"),
    ),
    Guide(
        "fulfil",
        _("Where orders are prepared"),
        _(
            "Here: a paid order is reviewed, goes to a person and then to the warehouse, and is printed and sent from "
            "this system. Elsewhere: you ship with another tool as before, and stop parcels from here."
        ),
        (_("It can be changed later, among the shop's rules; put the step off to ship with another tool."),),
        _("Choose it"),
    ),
)
NAMES = tuple(guide.name for guide in GUIDES)
SKIPPABLE = frozenset(guide.name for guide in GUIDES if guide.may_skip)


@dataclass(frozen=True)
class Step:
    """A guide with where it leads for this shop. `state`: done, skipped, now (the first that is open), open, closed
    (there is no shop yet)."""

    guide: Guide
    number: int
    state: str
    url: str = ""

    @property
    def look(self) -> str:
        """The class of its button."""
        return "btn-primary" if self.state == "now" else ""


def of_shop(shop: Shop | None, user: User) -> list[Step]:
    """All of them in order; the first open one is `now`. Without a shop only the shop can be opened."""
    return _steps(shop, {"account"} if shop is None else _done([shop.pk])[shop.pk], user)


def _steps(shop: Shop | None, done: set[str], user: User) -> list[Step]:
    skipped = set() if shop is None else set(shop.setup_skipped)
    steps, has_now = [], False
    for number, guide in enumerate(GUIDES, start=1):
        if guide.name in done:
            state = "done"
        elif guide.name in skipped:
            state = "skipped"
        elif not has_now:
            state, has_now = "now", True
        else:
            state = "open" if shop is not None else "closed"
        steps.append(Step(guide, number, state, _address(guide.name, shop, user)))
    return steps


def _done(shops: list[int]) -> dict[int, set[str]]:
    """What each of these shops has behind it, by one statement a step. One parcel stopped in any of them shows how."""
    found = {shop: {"account", "shop"} for shop in shops}
    members = Membership.objects.filter(shop__in=shops, is_active=True).values("shop_id").annotate(n=Count("pk"))
    behind: dict[str, Any] = {
        "staff": members.filter(n__gt=1).values_list("shop_id", flat=True),
        "agreement": _shops_in(Agreement.objects.filter(revoked_at=None, kind=AgreementKind.INTERCEPT), shops),
        "courier": _shops_in(CourierAccount.objects.filter(is_active=True), shops),
        "platform": _shops_in(PlatformAccount.objects.filter(is_active=True), shops),
        "fulfil": [shop for shop, rules in policy.current_of(shops).items() if rules.fulfil_here],
        "orders": Shop.objects.filter(Exists(Order.objects.filter(shop=OuterRef("pk"))), pk__in=shops).values_list(
            "pk", flat=True
        ),
    }
    for name, ids in behind.items():
        for shop in ids:
            found[shop].add(name)
    if Interception.objects.filter(shop__in=shops, state__in=STOPPED).exists():
        for names in found.values():
            names.add("first")
    return found


def _shops_in(rows: Any, shops: list[int]) -> Any:
    return rows.filter(shop__in=shops).values_list("shop_id", flat=True).distinct()


def _address(name: str, shop: Shop | None, user: User) -> str:
    if shop is None:
        return f"{reverse('shop_add')}?next={reverse('start')}" if name == "shop" else ""
    here = f"?next={reverse('start')}%3Fshop%3D{shop.pk}"
    match name:
        case "staff":
            return reverse("staff_add", args=[shop.pk]) + here
        case "courier":
            return reverse("courier_account_add", args=[shop.pk]) + here
        case "platform":
            return reverse("platform_account_add", args=[shop.pk]) + here
        case "agreement":
            return reverse("agreement", args=[shop.pk]) + here
        case "fulfil":
            return reverse("policy", args=[shop.pk])
        case "orders":
            return reverse("import_list")
        case "first":
            seen = Case.objects.seen_in(shop.pk, user)
            case = seen.filter(closed_at=None).order_by("due_at", "pk").first()
            return reverse("desk") if case is None else reverse("desk_case", args=[shop.pk, case.number])
    return ""


def connected_of(shop: Shop) -> list[PlatformAccount]:
    """The accounts that bring orders by themselves."""
    return list(shop.platform_accounts.filter(is_active=True, platform__in=spoken_with()).order_by("pk"))


# --- what is kept -----------------------------------------------------------------------------------------------------


def leads_setup(user: User, shop_id: int) -> bool:
    """Whether this person is the one the way is for: an owner of the shop."""
    row = memberships_of(user).get(shop_id)
    return row is not None and {Right.SIGN_AGREEMENT, Right.EDIT_SECRETS} <= set(row.role.rights)


def unfinished_of(user: User) -> tuple[Shop, list[Step]] | None:
    """The first of this person's shops with a step that is open, and its steps; nothing once none is."""
    owned = [shop for shop in memberships_of(user) if leads_setup(user, shop)]
    if not owned:
        return None
    done = _done(owned)
    for shop in Shop.objects.filter(pk__in=owned).order_by("pk"):
        steps = _steps(shop, done[shop.pk], user)
        if not is_over(steps):
            return shop, steps
    return None


def is_over(steps: list[Step]) -> bool:
    return all(step.state in ("done", "skipped") for step in steps)


@transaction.atomic
def skip_step(shop: Shop, name: str, *, by: Actor) -> Shop:
    """Put a step off. Raises Refused RIGHT, STEP (unknown, or one the rest stands on)."""
    check_right(by, shop, Right.EDIT_SECRETS)
    if name not in SKIPPABLE:
        raise Refused("STEP", _("This step cannot be left out."))
    shop = lock(shop)
    shop.setup_skipped = [*(held for held in shop.setup_skipped if held != name), name]
    shop.save(update_fields=["setup_skipped"])
    activity.record(shop, "shop.skip_step", by=by, shop=shop, step=name)
    return shop


@transaction.atomic
def resume_step(shop: Shop, name: str, *, by: Actor) -> Shop:
    """Take a step up again. Raises Refused RIGHT."""
    check_right(by, shop, Right.EDIT_SECRETS)
    shop = lock(shop)
    shop.setup_skipped = [held for held in shop.setup_skipped if held != name]
    shop.save(update_fields=["setup_skipped"])
    activity.record(shop, "shop.resume_step", by=by, shop=shop, step=name)
    return shop


def may_change(user: User, shop: Shop) -> bool:
    return can(user, shop, Right.EDIT_SECRETS)
