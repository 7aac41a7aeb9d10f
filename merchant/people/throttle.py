"""Who may still try to sign in. Eight wrong passwords shut one name at one address (django-axes); two wider counts stop
what walks around that: one name tried from many addresses, and one address trying many names."""

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_failure_limit
from axes.models import AccessAttempt
from django.db.models import Q, Sum
from django.http import HttpRequest

# A whole office sits behind one address, and anybody can shut out a name they know: both are many times the eight.
WRONG_BY_NAME = 40
WRONG_BY_ADDRESS = 80


class SignInThrottle(AxesDatabaseHandler):
    """AXES_HANDLER."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Failures in the last quarter of an hour, raised to the limit once a wider count has reached its own."""
        found: int = super().get_failures(request, credentials)
        name, address = get_client_username(request, credentials), request.axes_ip_address  # type: ignore[attr-defined]
        wide = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request)).aggregate(
            by_name=Sum("failures_since_start", filter=Q(username=name)),
            by_address=Sum("failures_since_start", filter=Q(ip_address=address)),
        )
        if (wide["by_name"] or 0) >= WRONG_BY_NAME or (wide["by_address"] or 0) >= WRONG_BY_ADDRESS:
            return max(found, get_failure_limit(request, credentials))
        return found
