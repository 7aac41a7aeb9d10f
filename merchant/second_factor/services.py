"""The second step of signing in: an authenticator app, recovery codes for a lost phone, and a way out by a person who
may (P-SECOND-FACTOR)."""

import secrets
from datetime import timedelta
from typing import Any

import pyotp
import segno
from django.conf import settings
from django.db import transaction
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from merchant.clock import now
from merchant.encryption import crypto
from merchant.people.models import Actor, SecondFactorFor, User
from merchant.people.rights import Right, memberships_of
from merchant.people.visibility import shops_with_second_factor
from merchant.refusals import Refused
from merchant.second_factor.models import SecondFactor
from merchant.trail import activity

STEP_S = 30
# Wrong codes before the second step rests, and for how long. Only who knows the password gets here.
WRONG_MAX = 6
REST = timedelta(minutes=15)
RECOVERY_CODES = 10
# Letters and digits that nobody mistakes for one another.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
# Who moves money, decides on rules, accounts or people: asked for a second step where the shop asks "money".
GREAT_RIGHTS = frozenset(
    map(
        str,
        (
            Right.APPROVE_REFUND,
            Right.RELEASE_REFUND,
            Right.OFFLINE_PAYOUT,
            Right.EDIT_POLICY,
            Right.EDIT_SECRETS,
            Right.MANAGE_STAFF,
        ),
    )
)


def is_required(user: User) -> bool:
    """Whether a shop of this person asks for the second step; read once per user object."""
    found: bool | None = user.__dict__.get("_is_second_factor_required")
    if found is None:
        found = user.__dict__["_is_second_factor_required"] = _is_required(user)
    return found


def _is_required(user: User) -> bool:
    for membership in memberships_of(user).values():
        asked = membership.shop.second_factor
        if asked == SecondFactorFor.EVERYBODY:
            return True
        if asked == SecondFactorFor.MONEY and GREAT_RIGHTS & set(membership.role.rights):
            return True
    return user.is_platform_admin and shops_with_second_factor()


def factor_of(user: User) -> SecondFactor | None:
    return SecondFactor.objects.filter(user=user).first()


@transaction.atomic
def begin(user: User) -> SecondFactor:
    """A secret to be scanned; the one that waits already, where there is one. Raises Refused HAS_ONE."""
    factor = factor_of(user)
    if factor is None:
        secret = pyotp.random_base32().encode()
        factor, _made = SecondFactor.objects.get_or_create(user=user, defaults={"secret": secret})
    if factor.confirmed_at is not None:
        raise Refused("HAS_ONE", _("Two-step sign-in is on already."))
    return factor


def secret_of(factor: SecondFactor) -> str:
    """For typing it in where nothing can be scanned, in groups of four."""
    secret = bytes(factor.secret).decode()
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def picture_of(factor: SecondFactor) -> SafeString:
    """What the app scans, as an inline drawing: no picture leaves the building."""
    name = _("Huicang")
    issuer = f"{name} demo" if settings.IS_DEMO else name
    totp = pyotp.TOTP(bytes(factor.secret).decode(), name=factor.user.username, issuer=issuer)
    address = totp.provisioning_uri()
    code = segno.make_qr(address, error="m")
    # As a drawing of ours: rows of dark modules, two light ones around.
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix, 2) for x, bit in enumerate(row, 2) if bit)
    side = len(code.matrix) + 4
    return format_html(
        '<svg viewBox="0 0 {} {}" aria-hidden="true"><path fill="#fff" d="M0 0h{}v{}H0z"/>'
        '<path fill="#000" d="{}"/></svg>',
        *(side, side, side, side, dark),
    )


@transaction.atomic
def confirm(user: User, code: str) -> list[str]:
    """The first code proves the app; from now on it is asked for. The recovery codes, shown this once.

    Raises Refused HAS_ONE, CODE, TOO_MANY."""
    factor = _locked(user)
    if factor is None or factor.confirmed_at is not None:
        raise Refused("HAS_ONE", _("Two-step sign-in is on already."))
    _check_code(factor, code)
    factor.confirmed_at = now()
    codes = _new_codes(factor)
    factor.save()
    User.objects.filter(pk=user.pk).update(second_factor=factor.mark)
    user.second_factor = factor.mark
    activity.record(user, "second_factor.on", by=user)
    return codes


def verify(user: User, code: str) -> bool:
    """Whether it was a recovery code that let this person pass. Raises Refused CODE, TOO_MANY; wrong ones count."""
    with transaction.atomic():
        factor = _locked(user)
        if factor is None or factor.confirmed_at is None:
            return False
        refusal: Refused | None = None
        is_recovery = False
        try:
            is_recovery = _check_code(factor, code)
        except Refused as refused:
            refusal = refused
        factor.save()
        if is_recovery:
            activity.record(user, "second_factor.recovered", by=user, left=len(factor.recovery))
    if refusal is not None:
        raise refusal
    return is_recovery


def renew_codes(user: User, code: str) -> list[str]:
    """New recovery codes; the old ones are void. Raises Refused CODE, TOO_MANY, NONE."""
    verify(user, code)
    with transaction.atomic():
        factor = _locked(user)
        if factor is None or factor.confirmed_at is None:
            raise Refused("NONE", _("Two-step sign-in is off."))
        codes = _new_codes(factor)
        factor.save(update_fields=["recovery"])
        activity.record(user, "second_factor.new_codes", by=user)
    return codes


def turn_off(user: User, code: str) -> None:
    """By the person. Raises Refused REQUIRED (a shop asks for it), CODE, TOO_MANY."""
    if is_required(user):
        raise Refused(
            "REQUIRED", _("Your shop asks for the second step: it stays on. A new phone is set up by a reset.")
        )
    verify(user, code)
    remove(user, by=user)


@transaction.atomic
def remove(user: User, *, by: Actor, shop: Any = None) -> None:
    """Away with it, and with every session that showed it; who may is for the caller to check. Where it is required the
    next sign-in sets up a new one."""
    SecondFactor.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(second_factor=None)
    user.second_factor = None
    activity.record(user, "second_factor.off", by=by, shop=shop)


def _locked(user: User) -> SecondFactor | None:
    return SecondFactor.objects.select_for_update().filter(user=user).first()


def _check_code(factor: SecondFactor, code: str) -> bool:
    """Writes to the row, which the caller saves, what the code did; True for a recovery code. Raises Refused."""
    at = now()
    if factor.wrong_at is not None and at - factor.wrong_at >= REST:
        factor.wrong = 0
    if factor.wrong >= WRONG_MAX:
        raise Refused("TOO_MANY", _("Too many wrong codes: wait a quarter of an hour, or use a reset by your owner."))
    typed = "".join(code.split()).lower()
    if typed.isdigit() and len(typed) == 6:
        totp, this = pyotp.TOTP(bytes(factor.secret).decode()), int(at.timestamp()) // STEP_S
        for step in (this, this - 1, this + 1):
            if step > factor.last_step and secrets.compare_digest(totp.generate_otp(step), typed):
                factor.last_step, factor.wrong = step, 0
                return False
    digest = _digest(factor.user_id, typed)
    if digest in factor.recovery:
        factor.recovery = [one for one in factor.recovery if one != digest]
        factor.wrong = 0
        return True
    factor.wrong, factor.wrong_at = factor.wrong + 1, at
    raise Refused("CODE", _("This code is not right, or it was used already. Take the one the app shows now."))


def _new_codes(factor: SecondFactor) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(LETTERS) for _n in range(4)) for _g in range(3)) for _c in range(RECOVERY_CODES)
    ]
    factor.recovery = [_digest(factor.user_id, code) for code in codes]
    return codes


def _digest(user_id: int, code: str) -> str:
    return crypto.blind_index("recovery", f"{user_id}:{code.replace('-', '')}").hex()
