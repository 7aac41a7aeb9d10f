"""HTTP to platforms: one pooled client, hosts from settings only, a name for every way of not getting an answer."""

import os
from typing import Any

import httpx2
from django.conf import settings

from merchant.hosts import Host
from merchant.platforms.errors import ErrorClass, PlatformError

# A page of a hundred refunds is some 100 kB. Anything longer than this is not an answer.
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_CONNECTIONS = 32
CONNECT_TIMEOUT_S = 3.0
JSON = {"Content-Type": "application/json;charset=utf-8"}


def address(code: str, host: Host) -> str:
    """Where a platform is called, without a slash at its end."""
    return settings.PLATFORM_HOSTS.get(code, "").rstrip("/") or host.url(settings.PLATFORM_SANDBOX_URL)


def timeout_s() -> float:
    """How long a platform may think about one call, seconds."""
    return float(getattr(settings, "PLATFORM_TIMEOUT_S", 8))


def send(
    method: str,
    url: str,
    *,
    query: dict[str, str],
    form: dict[str, str] | None,
    is_write: bool,
    text: str | None = None,
) -> str:
    """The text of a 2xx answer. `is_write` marks calls that change something at the platform. `text` is a JSON body,
    sent as it is, where a platform signs the body instead of a form.

    Raises PlatformError. Business refusals come with HTTP 200 on this wire, so any other status was not written
    by the business behind it: after a write it leaves the outcome unknown (except 429, which is a refusal).
    """
    try:
        sent = {"data": form} if text is None else {"content": text.encode(), "headers": JSON}
        with _client().stream(method, url, params=query, **sent) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise garbage("answer too long", "", is_write=is_write)
            return _text(response.status_code, bytes(body), is_write=is_write)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        # No connection was made, so the platform certainly heard nothing.
        raise PlatformError(ErrorClass.TRANSIENT, type(error).__name__, str(error)) from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise PlatformError(ErrorClass.BAD_REQUEST, type(error).__name__, str(error)) from error
    except httpx2.HTTPError as error:
        raise PlatformError(
            ErrorClass.TRANSIENT, type(error).__name__, str(error), is_unknown_outcome=is_write
        ) from error


def garbage(message: str, raw: str, *, is_write: bool) -> PlatformError:
    """The answer is not in the platform's format. A write may have been carried out all the same."""
    return PlatformError(ErrorClass.TRANSIENT, "garbage", message, raw=raw, is_unknown_outcome=is_write)


def _text(status: int, body: bytes, *, is_write: bool) -> str:
    text = body.decode("utf-8", errors="replace")
    if 200 <= status < 300:
        return text
    if status == 429:
        raise PlatformError(ErrorClass.THROTTLED, 429, "HTTP 429", raw=text)
    error_class = ErrorClass.TRANSIENT
    if status in (401, 403):
        error_class = ErrorClass.AUTH
    elif 400 <= status < 500 and status != 408:
        error_class = ErrorClass.BAD_REQUEST
    raise PlatformError(error_class, status, f"HTTP {status}", raw=text, is_unknown_outcome=is_write)


_clients: dict[int, Any] = {}


def _client() -> httpx2.Client:
    """One pooled client per process: a connection inherited over a fork would be shared by two workers."""
    client = _clients.get(os.getpid())
    if client is None:
        client = _clients[os.getpid()] = httpx2.Client(
            timeout=httpx2.Timeout(timeout_s(), connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=MAX_CONNECTIONS),
        )
    return client
