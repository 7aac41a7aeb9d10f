"""Where a request comes from, as far as anybody may believe it."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address the sign-in throttle counts by.

    Behind a proxy every connection is the proxy's, and what it appended last to X-Forwarded-For is the one address that
    the visitor did not write. Without a proxy that header is anybody's invention and is not looked at.
    """
    if settings.IS_BEHIND_PROXY:
        appended = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if appended:
            return appended
    return str(request.META.get("REMOTE_ADDR", ""))
