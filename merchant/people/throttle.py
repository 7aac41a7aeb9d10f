"""Who may still try to sign in. Eight wrong passwords shut one name at one address (django-axes); two wider counts stop
what walks around that: one name tried from many addresses, and one address trying many names. Neither shuts out the
person: a browser they have signed in with before has a count of its own."""

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_failure_limit
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Q, Sum
from django.http import HttpRequest

from merchant import wakeups
from merchant.people.known_browsers import browser_of

# A whole office sits behind one address, and anybody can shut out a name they know: both are many times the eight.
WRONG_BY_NAME = 40
WRONG_BY_ADDRESS = 80


class SignInThrottle(AxesDatabaseHandler):
    """AXES_HANDLER. What is tried while a door is shut is not counted (AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT):
    one address adds eight to the count of a name and no more, and cannot keep a door shut by knocking on."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Failures in the last quarter of an hour, raised to the limit once a wider count has reached its own."""
        name, address = get_client_username(request, credentials), request.axes_ip_address  # type: ignore[attr-defined]
        if browser := browser_of(request, name or ""):
            own = wakeups.ask(lambda client: int(client.get(_key(browser, name)) or 0), otherwise=None)
            if own is not None:
                return own
        found: int = super().get_failures(request, credentials)
        wide = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request)).aggregate(
            by_name=Sum("failures_since_start", filter=Q(username=name)),
            by_address=Sum("failures_since_start", filter=Q(ip_address=address)),
        )
        if (wide["by_name"] or 0) >= WRONG_BY_NAME or (wide["by_address"] or 0) >= WRONG_BY_ADDRESS:
            return max(found, get_failure_limit(request, credentials))
        return found

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        name = get_client_username(request, credentials) or ""
        if request is not None and (browser := browser_of(request, name)):
            wakeups.count(_key(browser, name), int(settings.AXES_COOLOFF_TIME.total_seconds()))
        super().user_login_failed(sender, credentials, request, **kwargs)


def _key(browser: str, name: str | None) -> str:
    return f"huicang:wrong:{browser}:{name}"
