"""Who may do what (rights matrix, docs/rules.md). `user=None` is the system and may do everything."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from merchant.people.models import Membership, Role, Scope
from merchant.prepared import rows_of
from merchant.refusals import Refused


class Right(models.TextChoices):
    SEE_ORDERS = "see_orders", _("see orders")
    IMPORT_ORDERS = "import_orders", _("import files")
    REMARK_ORDER = "remark_order", _("remark and flag")
    HOLD_ORDER = "hold_order", _("hold an order")
    REVIEW_ORDER = "review_order", _("review orders")
    EDIT_ADDRESS = "edit_address", _("change an address before packing")
    EDIT_ADDRESS_MANY = "edit_address_many", _("change any number of addresses at once")
    SUBMIT_INTERCEPTION = "submit_interception", _("submit an interception")
    WITHDRAW_INTERCEPTION = "withdraw_interception", _("withdraw an interception")
    AGREE_CASE = "agree_case", _("agree a refund")
    REFUSE_CASE = "refuse_case", _("refuse a case")
    APPROVE_REFUND = "approve_refund", _("approve a refund as second person")
    RELEASE_REFUND = "release_refund", _("release refund money")
    OFFLINE_PAYOUT = "offline_payout", _("pay out offline")
    SIGN_AGREEMENT = "sign_agreement", _("sign agreements")
    EDIT_POLICY = "edit_policy", _("change rules and timers")
    EDIT_SECRETS = "edit_secrets", _("change courier and platform accounts")
    OPERATE_JOBS = "operate_jobs", _("retry, pause and poll now")
    SEE_MESSAGES = "see_messages", _("see raw messages")
    REVEAL_PII = "reveal_pii", _("reveal personal data")
    APPLY_QUOTA = "apply_quota", _("apply for more looks at personal data")
    APPROVE_QUOTA = "approve_quota", _("approve more looks at personal data")
    RECEIVE_PARCEL = "receive_parcel", _("receive and inspect parcels, restock")
    EDIT_CATALOG = "edit_catalog", _("keep products, warehouses and what listings mean")
    COUNT_STOCK = "count_stock", _("count, transfer and take in stock")
    APPROVE_STOCK = "approve_stock", _("approve differences of stock")
    PACK_ORDER = "pack_order", _("pick, pack and ship")
    DRAFT_CLAIM = "draft_claim", _("draft a claim on a courier")
    FILE_CLAIM = "file_claim", _("file a claim on a courier")
    BOOK_CLAIM = "book_claim", _("book what a courier pays")
    EDIT_COST = "edit_cost", _("enter cost prices")
    SETTLE_STATEMENT = "settle_statement", _("import statements and settle differences")
    EDIT_REPLIES = "edit_replies", _("change the shop's quick replies")
    ASSIGN_WORK = "assign_work", _("hand customers and work to colleagues")
    SEE_BOARD = "see_board", _("see the board and the team")
    MANAGE_STAFF = "manage_staff", _("add people, change their roles, let them go")


@dataclass(frozen=True)
class DefaultRole:
    name: str
    rights: tuple[Right, ...]
    limits: dict[str, int] = field(default_factory=dict)
    scope: Scope = Scope.SHOP


R = Right
_DESK = (
    R.SEE_ORDERS,
    R.REMARK_ORDER,
    R.HOLD_ORDER,
    R.EDIT_ADDRESS,
    R.SUBMIT_INTERCEPTION,
    R.WITHDRAW_INTERCEPTION,
    R.AGREE_CASE,
    R.REFUSE_CASE,
    R.REVEAL_PII,
    R.FILE_CLAIM,
)

ROLES: dict[str, DefaultRole] = {
    "agent": DefaultRole(gettext_noop("Customer-service agent"), _DESK, {R.AGREE_CASE: 20_000}, Scope.OWN),
    "supervisor": DefaultRole(
        gettext_noop("Customer-service supervisor"),
        (
            *_DESK,
            R.REVIEW_ORDER,
            R.EDIT_ADDRESS_MANY,
            R.EDIT_REPLIES,
            R.IMPORT_ORDERS,
            R.SEE_MESSAGES,
            R.OPERATE_JOBS,
            R.PACK_ORDER,
            R.BOOK_CLAIM,
            R.ASSIGN_WORK,
            R.SEE_BOARD,
        ),
        {R.AGREE_CASE: 100_000},
        Scope.TEAM,
    ),
    "warehouse": DefaultRole(
        gettext_noop("Warehouse"),
        (
            R.SEE_ORDERS,
            R.REMARK_ORDER,
            R.HOLD_ORDER,
            R.RECEIVE_PARCEL,
            R.EDIT_CATALOG,
            R.COUNT_STOCK,
            R.PACK_ORDER,
            R.DRAFT_CLAIM,
        ),
    ),
    "finance": DefaultRole(
        gettext_noop("Finance"),
        (
            R.SEE_ORDERS,
            R.APPROVE_REFUND,
            R.RELEASE_REFUND,
            R.OFFLINE_PAYOUT,
            R.SEE_MESSAGES,
            R.BOOK_CLAIM,
            R.SETTLE_STATEMENT,
            R.EDIT_COST,
            R.APPROVE_STOCK,
        ),
        {R.RELEASE_REFUND: 100_000},
    ),
    "owner": DefaultRole(
        gettext_noop("Shop owner"),
        (
            *_DESK,
            R.REVIEW_ORDER,
            R.APPLY_QUOTA,
            R.EDIT_ADDRESS_MANY,
            R.IMPORT_ORDERS,
            R.APPROVE_REFUND,
            R.PACK_ORDER,
            R.BOOK_CLAIM,
            R.SETTLE_STATEMENT,
            R.EDIT_COST,
            R.EDIT_CATALOG,
            R.APPROVE_STOCK,
            R.SIGN_AGREEMENT,
            R.EDIT_POLICY,
            R.EDIT_SECRETS,
            R.OPERATE_JOBS,
            R.SEE_MESSAGES,
            R.EDIT_REPLIES,
            R.ASSIGN_WORK,
            R.SEE_BOARD,
            R.MANAGE_STAFF,
        ),
    ),
    "platform_admin": DefaultRole(
        gettext_noop("Platform administrator"),
        (
            R.SEE_ORDERS,
            R.APPROVE_QUOTA,
            R.EDIT_POLICY,
            R.EDIT_SECRETS,
            R.OPERATE_JOBS,
            R.SEE_MESSAGES,
            R.MANAGE_STAFF,
        ),
    ),
}


# Granting more looks at personal data is the platform's, not a shop's.
GRANTABLE = tuple(right for right in Right if right != Right.APPROVE_QUOTA)


def ensure_default_roles() -> dict[str, Role]:
    """The six default roles, made where absent. One that nobody changed follows the defaults of this version; one that
    somebody changed stays as it is, and its page names what is new (`new_rights`). `migrate` ends with it."""
    held = {role.slug: role for role in Role.objects.filter(shop=None, slug__in=ROLES)}
    for slug, role in held.items():
        rights = _default_rights(slug)
        if role.rights == role.known_rights and role.rights != rights:
            role.rights = role.known_rights = rights
            role.save(update_fields=["rights", "known_rights"])
    absent = [
        Role(
            slug=slug,
            name=role.name,
            rights=_default_rights(slug),
            known_rights=_default_rights(slug),
            limits={str(right): fen for right, fen in role.limits.items()},
            scope=role.scope,
        )
        for slug, role in ROLES.items()
        if slug not in held
    ]
    if absent:
        # Another process may make them at the same moment.
        Role.objects.bulk_create(absent, ignore_conflicts=True)
        held = {role.slug: role for role in Role.objects.filter(shop=None, slug__in=ROLES)}
    return {slug: held[slug] for slug in ROLES}


def _default_rights(slug: str) -> list[str]:
    return [str(right) for right in ROLES[slug].rights]


def new_rights(role: Role) -> list[str]:
    """What this role could have had since it was last decided about and has not: a default role of its own rights, a
    shop's role of all that a shop may give."""
    offered = _default_rights(role.slug) if role.shop_id is None else [str(right) for right in GRANTABLE]
    return [right for right in offered if right not in (*role.known_rights, *role.rights)]


def membership_of(user: Any, shop: Any) -> Membership | None:
    """The active membership that gives this user rights in this shop; read once per user object."""
    return memberships_of(user).get(shop if isinstance(shop, int) else shop.pk)


def memberships_of(user: Any) -> dict[int, Membership]:
    """All of them with role and shop, by the shop's id."""
    held: dict[int, Membership] | None = getattr(user, "_memberships_by_shop", None)
    if held is None:
        rows = rows_of("memberships_of", _memberships, user_id=user.pk)
        held = user._memberships_by_shop = {row.shop_id: row for row in rows}
    return held


def _memberships(user_id: int) -> models.QuerySet[Membership]:
    return Membership.objects.filter(user_id=user_id, is_active=True).select_related("role", "shop")


def can(user: Any, shop: Any, right: str) -> bool:
    """Whether `user` holds `right` in `shop` (a Shop or its id)."""
    if user is None:
        return True
    if not user.is_active:
        return False
    membership = membership_of(user, shop)
    if membership is not None and right in membership.role.rights:
        return True
    return user.is_platform_admin and right in ROLES["platform_admin"].rights


def rights_in(user: Any, shops: Iterable[int]) -> set[str]:
    """The rights `user` holds in any of these shops: what `can` says, asked of all rights at once."""
    shops = list(shops)
    if not user.is_active or not shops:
        return set()
    members = memberships_of(user)
    found = {right for shop in shops if shop in members for right in members[shop].role.rights}
    if user.is_platform_admin:
        found.update(ROLES["platform_admin"].rights)
    return {str(right) for right in Right if right in found}


def check_right(user: Any, shop: Any, right: str) -> None:
    """Raise Refused("RIGHT") unless `user` holds `right` in `shop`."""
    if not can(user, shop, right):
        sentence = _("Your role does not include this: %(right)s. Ask: %(who)s.")
        raise Refused("RIGHT", sentence % {"right": Right(right).label, "who": _whose(right)}, right=str(right))


def _whose(right: str) -> Any:
    """Who has it by default: the role nearest to the work."""
    role = next((role for role in ROLES.values() if right in role.rights), ROLES["owner"])
    return _(role.name)


def limit_fen(user: Any, shop: Any, right: str) -> int | None:
    """The most `user` may decide with `right`, in fen; None is no limit."""
    if user is None:
        return None
    membership = membership_of(user, shop)
    if membership is None:
        return 0
    found = {**membership.role.limits, **membership.limits}.get(str(right))
    return None if found is None else int(found)


def hold_limits(user: Any, shop: Any) -> None:
    """Inside a transaction, before sums are held against `user`'s limits in `shop`: of two decisions made at the same
    moment the second waits and counts the first."""
    if user is not None:
        shop_id = shop if isinstance(shop, int) else shop.pk
        list(Membership.objects.select_for_update(no_key=True).filter(user=user, shop_id=shop_id).values_list("pk"))


def members_with(shop: Any, *rights: str) -> models.QuerySet[Membership]:
    """The active members of a shop (or its id) whose role includes all of these rights, by name."""
    shop_id = shop if isinstance(shop, int) else shop.pk
    rows = Membership.objects.filter(shop_id=shop_id, is_active=True, user__is_active=True)
    rows = rows.filter(role__rights__contains=[str(right) for right in rights])
    return rows.select_related("user", "role", "team").order_by("user__display_name", "user__username")


def rank_of(user: Any, shop: Any) -> int:
    """How far up somebody stands in a shop: 2 decides on its rules, 1 hands out work, 0 neither."""
    if not can(user, shop, Right.ASSIGN_WORK):
        return 0
    return 2 if can(user, shop, Right.EDIT_POLICY) else 1


def check_may_get_work(user: Any, shop: Any) -> None:
    """Raise Refused("MEMBER") unless `user` is an active member of the shop who settles cases."""
    if user is None or not members_with(shop, Right.SEE_ORDERS, Right.AGREE_CASE).filter(user=user).exists():
        raise Refused("MEMBER", _("Choose somebody of this shop who settles cases."))
