"""What the demo tells its two sandboxes over their control doors."""

from typing import Any

import httpx2
from django.conf import settings


def _post(host: str, path: str, body: Any) -> Any:
    answer = httpx2.post(host + path, json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()


def courier(path: str, body: Any) -> Any:
    """POST to the courier's control API, e.g. ("/control/parcels", [...])."""
    return _post(settings.COURIER_SANDBOX_URL, path, body)


def platform(path: str, body: Any) -> Any:
    """POST to the platform's control API, e.g. ("/control/bulk", {...})."""
    return _post(settings.PLATFORM_SANDBOX_URL, path, body)


def has_refunds() -> bool:
    """Whether the platform holds a case already, from an earlier start."""
    answer = httpx2.get(settings.PLATFORM_SANDBOX_URL + "/control/state", timeout=60)
    answer.raise_for_status()
    return bool(answer.json()["refunds"])
