"""测试连接: whether a platform or payment channel takes an account, asked by a call that changes nothing there."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock
from merchant.people.models import Actor
from merchant.platforms import registry
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.shops import services
from merchant.shops.connection import ANSWERED, UNUSABLE
from merchant.shops.enums import ConnectionState
from merchant.shops.models import PlatformAccount
from merchant.wakeups import wake

STATES = {ErrorClass.THROTTLED: ConnectionState.SILENT, ErrorClass.TRANSIENT: ConnectionState.SILENT}
SENTENCES: dict[str, Any] = {
    ErrorClass.AUTH: _("It does not accept these credentials: compare each box with the platform's page."),
    ErrorClass.PERMISSION: _("It knows the application, which may not ask this: grant it the permission there."),
    ErrorClass.BAD_REQUEST: _("It does not understand the question: a box may hold the wrong kind of value."),
    ErrorClass.THROTTLED: _("It answered, but was asked too often. Test again in a minute."),
    ErrorClass.TRANSIENT: _("No usable answer came back: the address may not be reachable from this server."),
}


def start_connection_test(account: PlatformAccount, *, by: Actor) -> PlatformAccount:
    """Have a worker ask. Raises Refused RIGHT, TESTING."""
    with transaction.atomic():
        found = services.begin_test(account, by=by)
        wake("merchant.try_connection", account_id=account.pk)
    assert isinstance(found, PlatformAccount)
    return found


def try_connection(account_id: int) -> None:
    """Ask, and write down what came back in our words and in theirs."""
    with transaction.atomic(durable=True):
        account = lock(PlatformAccount.objects.select_related("shop").get(pk=account_id), "shop")
        if not services.is_being_tested(account):
            return
    state, words = ConnectionState.WORKS, f"{ANSWERED}:"
    try:
        registry.get(account.platform).try_connection(account)
    except PlatformError as error:
        state = STATES.get(error.error_class, ConnectionState.REFUSED)
        words = f"{error.error_class.value}:{error.code} {error.message}"
    except (KeyError, ValueError, TypeError) as error:
        # A key that is none: nothing was sent.
        state, words = ConnectionState.REFUSED, f"{UNUSABLE}:{type(error).__name__}"
    with transaction.atomic(durable=True):
        services.end_test(account, state, words)
