"""测试连接: whether a courier takes an account, asked by a call that changes nothing there. Claim, call, record."""

import re
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from logistics.couriers import registry
from logistics.couriers.base import CourierError, ErrorClass
from logistics.couriers.calls import claim_call, outcome_of, record_answer
from logistics.couriers.enums import CallOutcome, Operation
from merchant.carriers import registry as carriers
from merchant.locking import lock
from merchant.people.models import Actor
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops import services
from merchant.shops.connection import ANSWERED, UNUSABLE
from merchant.shops.enums import ConnectionState
from merchant.shops.models import CourierAccount
from merchant.wakeups import wake

# What a refusal says about the account. One about the parcel alone is taken to mean that the account was taken; that
# is an assumption the shop may drop (P-TEST-WAYBILL).
UNPROVED = "unproved"
PASSED = (ConnectionState.WORKS, ConnectionState.UNPROVED)
ABOUT_THE_PARCEL = (ErrorClass.UNKNOWN_WAYBILL, ErrorClass.NOT_YET_TRACKABLE)
STATES = {
    ErrorClass.AUTH: ConnectionState.REFUSED,
    ErrorClass.BAD_REQUEST: ConnectionState.REFUSED,
    ErrorClass.NOT_SUPPORTED: ConnectionState.REFUSED,
    ErrorClass.ANOTHER_PARCEL: ConnectionState.REFUSED,
    ErrorClass.THROTTLED: ConnectionState.SILENT,
    ErrorClass.TRANSIENT: ConnectionState.SILENT,
}
SENTENCES: dict[str, Any] = {
    UNPROVED: _("It does not know the waybill, which proves nothing of the account: ask with one it has scanned."),
    ErrorClass.AUTH: _("It does not accept these credentials: compare each box with the courier's page."),
    ErrorClass.ANOTHER_PARCEL: _("It answered about another parcel: ask with a waybill of the shop's own."),
    ErrorClass.BAD_REQUEST: _("It does not understand the question: a box may hold the wrong kind of value."),
    ErrorClass.NOT_SUPPORTED: _("It answered that this account may not ask for tracks."),
    ErrorClass.THROTTLED: _("It answered, but was asked too often. Test again in a minute."),
    ErrorClass.TRANSIENT: _("No usable answer came back: the address may not be reachable from this server."),
    ErrorClass.UNKNOWN_WAYBILL: _("It takes this account. It does not know the waybill that was asked for."),
    ErrorClass.NOT_YET_TRACKABLE: _("It takes this account. It has no scans of the waybill that was asked for."),
}


def start_connection_test(account: CourierAccount, *, by: Actor, waybill: str = "") -> CourierAccount:
    """Have a worker ask. Raises Refused RIGHT, TESTING, or WAYBILL: one is needed where we know none of its shape."""
    waybill = waybill.strip().upper() or sample_waybill(account.courier)
    if not waybill:
        raise Refused("WAYBILL", _("Write a waybill of this courier to ask about."), field="waybill")
    with transaction.atomic():
        found = services.begin_test(account, by=by)
        wake("logistics.try_connection", account_id=account.pk, waybill=waybill)
    assert isinstance(found, CourierAccount)
    return found


def sample_waybill(courier: str) -> str:
    """A number of the courier's shape that was hardly ever given out; "" where its shape is not known."""
    carrier = carriers.find(courier)
    for pattern in carrier.waybills if carrier is not None else ():
        first_of_each = re.sub(r"\[(.)[^\]]*\]", r"\1", pattern)
        number = re.sub(r"\\d\{(\d+)[^}]*\}", lambda digits: "1".zfill(int(digits[1])), first_of_each)
        if re.fullmatch(pattern, number):
            return number
    return ""


def try_connection(account_id: int, waybill: str) -> None:
    """Ask, and write down what came back in our words and in theirs."""
    with transaction.atomic(durable=True):
        account: Any = lock(CourierAccount.objects.get(pk=account_id))
        if not services.is_being_tested(account):
            return
        call = claim_call(
            Operation.TRY, shop_id=account.shop_id, key=f"account-{account.pk}", subject_id=account.pk, waybill=waybill
        )
    state, words, outcome, answer = ConnectionState.WORKS, f"{ANSWERED}:", str(CallOutcome.OK), ""
    try:
        adapter = registry.of(account)
        if adapter is None:
            raise CourierError(ErrorClass.NOT_SUPPORTED, "", account.courier)
        secrets: Any = account.secrets
        adapter.try_connection(account, waybill, str(secrets.get("phone_last4") or ""))
    except CourierError as error:
        state = STATES.get(error.error_class, ConnectionState.WORKS)
        kind = error.error_class.value
        if error.error_class in ABOUT_THE_PARCEL and not policy.current(account.shop_id).unknown_waybill_proves:
            state, kind = ConnectionState.UNPROVED, UNPROVED
        words = f"{kind}:{error.code} {error.message}"
        outcome, answer = outcome_of(error), error.raw
    except (ValueError, TypeError) as error:
        # A key that is none: nothing was sent.
        state, words, outcome = ConnectionState.REFUSED, f"{UNUSABLE}:{type(error).__name__}", CallOutcome.NOT_SENT
    with transaction.atomic(durable=True):
        record_answer(call, outcome, answer=answer, error="" if state in PASSED else words)
        services.end_test(account, state, words)
