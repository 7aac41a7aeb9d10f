"""The first account of an empty product. Whoever can read the server's output makes it; nobody else, and once."""

import base64
import hashlib
import hmac
import logging
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from merchant.people.models import User
from merchant.refusals import Refused
from merchant.trail import activity

logger = logging.getLogger(__name__)

# The key of the lock that lets one first account through at a time; it meets no other use of such locks.
FIRST_ACCOUNT_LOCK = 902_001
CODE_LENGTH = 12


def is_empty() -> bool:
    """Whether nobody can sign in yet."""
    return not User.objects.exists()


def setup_code() -> str:
    """What proves that somebody runs the server: twelve letters and digits made from HUICANG_SECRET_KEY, the same in
    every process. It opens nothing once there is an account."""
    digest = hmac.new(settings.SECRET_KEY.encode(), b"huicang first account", hashlib.sha256).digest()
    letters = base64.b32encode(digest).decode()[:CODE_LENGTH]
    return "-".join(letters[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def setup_address() -> str:
    """The page that makes the first account, with the code in it."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse('first_account')}?code={setup_code()}"


def announce() -> None:
    """Write that address to the log, where nobody can sign in yet. Called as a web process starts, perhaps before its
    database answers: then nothing is said."""
    with suppress(DatabaseError):
        if is_empty():
            logger.warning("Nobody can sign in yet. Make the first account at %s", setup_address())


def is_setup_code(given: str) -> bool:
    """Compared in constant time; small letters, spaces and dashes make no difference."""

    def bare(text: str) -> bytes:
        return "".join(letter for letter in text.upper() if letter.isalnum()).encode()

    return hmac.compare_digest(bare(given), bare(setup_code()))


@transaction.atomic
def make_first_account(*, code: str, username: str, display_name: str, password: str) -> User:
    """The person who sets the product up: sees every shop, may open one, may use the administration.

    Raises Refused TAKEN once there is any account, CODE when the code is not the server's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_ACCOUNT_LOCK])
    if not is_empty():
        raise Refused("TAKEN", _("The first account is made already: sign in."))
    if not is_setup_code(code):
        raise Refused("CODE", _("This is not the code that the server printed."), field="code")
    user = User.objects.create_superuser(username, password=password, display_name=display_name)
    activity.record(user, "user.add", by=None, fields=["first account"])
    return user
