"""Where the outside world finds an account's push door."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from logistics.couriers.base import Account


def push_address(account: Account, *, for_host: str) -> str:
    """This account's push address, as whoever lives at `for_host` can reach it; "" when the shop's public address
    (HUICANG_SITE_URL) is not set, so that nobody outside this machine can."""
    site = str(settings.SITE_URL).rstrip("/")
    if _is_at_home(site) and not _is_at_home(for_host):
        return ""
    return site + reverse("courier_push", args=[account.push_token])


def _is_at_home(url: str) -> bool:
    host = urlsplit(url).hostname or "localhost"
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host
