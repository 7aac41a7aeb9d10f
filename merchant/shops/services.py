from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right, memberships_of
from merchant.prepared import first_of
from merchant.refusals import Refused
from merchant.shops.enums import ConnectionState
from merchant.shops.models import Agreement, AgreementKind, CourierAccount, PlatformAccount, Shop, new_push_seed
from merchant.trail import activity

# The text shown when signing; a changed text is a new version and must be signed again.
INTERCEPT_AGREEMENT_VERSION = "2023-06"


# Longer than any courier or platform may take to answer.
TEST_LEASE = timedelta(minutes=1)

ACCOUNT_FIELDS = frozenset(
    {
        "name",
        "courier",
        "via",
        "customer_code",
        "has_ewaybill",
        "rate_card",
        "rate_per_second",
        "platform",
        "app_key",
        "is_active",
    }
)


def check_can_open_shop(by: Actor) -> None:
    """Raise Refused RIGHT unless `by` looks after the whole product, or owns a shop already."""
    if by is None or by.is_platform_admin or by.is_superuser:
        return
    if not any(Right.SIGN_AGREEMENT in row.role.rights for row in memberships_of(by).values()):
        raise Refused("RIGHT", _("Only an owner or the platform's administrator opens a shop."))


@transaction.atomic
def change_shop(shop: Shop, *, by: Actor, name: str, external_id: str, state: str, is_cross_border: bool) -> Shop:
    """Raises Refused RIGHT, or TWICE when another shop of the platform has this number."""
    check_right(by, shop, Right.EDIT_POLICY)
    shop = lock(shop)
    shop.name, shop.external_id, shop.state, shop.is_cross_border = name, external_id, state, is_cross_border
    try:
        with transaction.atomic():
            shop.save(update_fields=["name", "external_id", "state", "is_cross_border"])
    except IntegrityError:
        raise Refused("TWICE", _("There is a shop with this number already."), field="external_id") from None
    activity.record(shop, "shop.change", by=by, shop=shop, state=state)
    return shop


def agreement_in_force(shop: Any, kind: str = AgreementKind.INTERCEPT) -> Agreement | None:
    return first_of("agreement_in_force", _in_force, shop_id=shop if isinstance(shop, int) else shop.pk, kind=str(kind))


def _in_force(shop_id: int, kind: str) -> QuerySet[Agreement]:
    return Agreement.objects.filter(shop_id=shop_id, kind=kind, revoked_at__isnull=True).order_by("pk")[:1]


def is_signed(shop_id: str) -> Exists:
    """For rows of any table, as an annotation: whether the interception agreement of the shop whose id stands in the
    field `shop_id` is in force."""
    return Exists(
        Agreement.objects.filter(shop=OuterRef(shop_id), kind=AgreementKind.INTERCEPT, revoked_at__isnull=True)
    )


@transaction.atomic
def sign_agreement(
    shop: Shop, *, by: Actor, kind: str = AgreementKind.INTERCEPT, version: str = INTERCEPT_AGREEMENT_VERSION
) -> Agreement:
    """Sign for the shop (E03). Raises Refused RIGHT, or SIGNED when one is in force."""
    check_right(by, shop, Right.SIGN_AGREEMENT)
    lock(shop)
    if agreement_in_force(shop, kind):
        raise Refused("SIGNED", _("This agreement is signed already."))
    agreement = Agreement.objects.create(shop=shop, kind=kind, version=version, signed_at=now(), signed_by=by)
    activity.record(agreement, "agreement.sign", by=by, version=version)
    return agreement


@transaction.atomic
def revoke_agreement(agreement: Agreement, *, by: Actor, reason: str) -> Agreement:
    """Revoke it: no further interception of this shop passes E03. Those under way go on."""
    check_right(by, agreement.shop, Right.SIGN_AGREEMENT)
    agreement = lock(agreement)
    if agreement.revoked_at is not None:
        raise Refused("REVOKED", _("This agreement is revoked already."))
    agreement.revoked_at, agreement.revoked_by = now(), by
    agreement.save(update_fields=["revoked_at", "revoked_by"])
    activity.record(agreement, "agreement.revoke", by=by, reason=reason)
    return agreement


def courier_account(shop: Any, courier: str) -> CourierAccount | None:
    """The shop's account at this courier: the e-waybill one first, its own interface before a way round it."""
    rows = CourierAccount.objects.filter(shop=shop, courier=courier, is_active=True)
    return rows.order_by("-has_ewaybill", "via", "pk").first()


def platform_account(shop: Any, platform: str) -> PlatformAccount | None:
    shop_id = shop if isinstance(shop, int) else shop.pk
    return first_of("platform_account", _platform_accounts, shop_id=shop_id, platform=str(platform))


def _platform_accounts(shop_id: int, platform: str) -> QuerySet[PlatformAccount]:
    return PlatformAccount.objects.filter(shop_id=shop_id, platform=platform, is_active=True).order_by("pk")[:1]


@transaction.atomic
def set_secrets(account: CourierAccount | PlatformAccount, *, by: Actor, secrets: dict[str, Any]) -> None:
    """Replace an account's credentials. They are written, never read back to a page."""
    check_right(by, account.shop, Right.EDIT_SECRETS)
    account = lock(account)
    account.secrets = secrets
    account.save(update_fields=["secrets"])
    activity.record(account, "account.set_secrets", by=by, fields=sorted(secrets))


@transaction.atomic
def renew_push_token(account: CourierAccount | PlatformAccount, *, by: Actor) -> str:
    """A new push address; the old one answers 404 from now on."""
    check_right(by, account.shop, Right.EDIT_SECRETS)
    account = lock(account)
    account.push_seed = new_push_seed()
    account.save(update_fields=["push_seed"])
    activity.record(account, "account.renew_push_token", by=by)
    return account.push_token


@transaction.atomic
def pause_courier(account: CourierAccount, *, by: Actor, until: Any, reason: str) -> CourierAccount:
    """Ask this courier nothing until then. A pause by the system is the circuit breaker."""
    check_right(by, account.shop, Right.OPERATE_JOBS)
    account = lock(account)
    account.paused_until, account.pause_reason = until, reason[:200]
    account.save(update_fields=["paused_until", "pause_reason"])
    activity.record(account, "courier.pause", by=by, reason=reason, until=until.isoformat())
    return account


@transaction.atomic
def resume_courier(account: CourierAccount, *, by: Actor) -> CourierAccount:
    check_right(by, account.shop, Right.OPERATE_JOBS)
    account = lock(account)
    account.paused_until, account.pause_reason = None, ""
    account.save(update_fields=["paused_until", "pause_reason"])
    activity.record(account, "courier.resume", by=by)
    return account


@transaction.atomic
def save_account(
    account: CourierAccount | PlatformAccount, *, by: Actor, secrets: dict[str, Any] | None
) -> CourierAccount | PlatformAccount:
    """Insert or change an account (E09). `secrets=None` keeps the stored ones. Raises Refused RIGHT or TWICE."""
    check_right(by, account.shop, Right.EDIT_SECRETS)
    verb = "account.change" if account.pk else "account.add"
    if secrets is not None:
        account.secrets = secrets
    # What the page does not edit (pause, push address, secrets kept) is not written back from an old copy.
    own = (ACCOUNT_FIELDS & {field.name for field in account._meta.fields}) | (
        {"secrets"} if secrets is not None else set()
    )
    if account.pk:
        # What was found out about it was found out about what it was.
        account.connection, account.connection_words = "", ""
        own |= {"connection", "connection_words"}
    try:
        with transaction.atomic():
            account.save(update_fields=own if account.pk else None)
    except IntegrityError:
        raise Refused("TWICE", _("This shop has this account already.")) from None
    activity.record(account, verb, by=by, shop=account.shop, fields=sorted(secrets or {}), is_active=account.is_active)
    return account


@transaction.atomic
def begin_test(account: CourierAccount | PlatformAccount, *, by: Actor) -> CourierAccount | PlatformAccount:
    """Somebody wants to know whether it works; the caller has a worker ask. Raises Refused RIGHT, or TESTING while an
    answer is still awaited."""
    check_right(by, account.shop, Right.EDIT_SECRETS)
    account = lock(account)
    if is_being_tested(account):
        raise Refused("TESTING", _("It is being tested right now."))
    account.connection, account.connection_words, account.connection_at = ConnectionState.RUNNING, "", now()
    account.save(update_fields=["connection", "connection_words", "connection_at"])
    activity.record(account, "account.test", by=by)
    return account


def end_test(account: CourierAccount | PlatformAccount, state: str, words: str) -> None:
    """What came back, unless the account was changed or tested anew meanwhile."""
    rows = type(account).objects.filter(
        pk=account.pk, connection=ConnectionState.RUNNING, connection_at=account.connection_at
    )
    rows.update(connection=state, connection_words=words[:300], connection_at=now())


def is_being_tested(account: CourierAccount | PlatformAccount) -> bool:
    """A test whose worker died is over after a minute."""
    begun = account.connection_at
    return account.connection == ConnectionState.RUNNING and begun is not None and now() - begun < TEST_LEASE
