"""HTTP to couriers: the exact bytes that were signed go out, and every way of not getting an answer has a name."""

import hashlib
import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import aiohttp
import httpx2
from django.conf import settings

from logistics.couriers.errors import CourierError, ErrorClass

# A courier's answer is a few kB. Anything longer than this is not an answer.
MAX_ANSWER_BYTES = 2 * 1024 * 1024
KEPT_OF_STRAY = 60_000
# A worker calls one or two hosts; more connections than this only queue at the courier.
MAX_CONNECTIONS = 32


@dataclass(frozen=True)
class Call:
    """One POST, ready to send. `is_write` marks calls that change something at the courier."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    is_write: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back with HTTP 2xx. `is_write` is the call's."""

    text: str
    is_write: bool = False


def timeout_s() -> float:
    """How long one call may take, seconds."""
    return float(getattr(settings, "COURIER_TIMEOUT_S", 8))


def send(call: Call) -> Answer:
    """POST and wait. Raises CourierError; `is_unknown_outcome` when a write may have arrived."""
    try:
        with _client().stream(
            "POST", call.url, content=call.body, headers=call.headers, timeout=timeout_s()
        ) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise _garbage(call, "answer too long", "")
            return _answer(call, response.status_code, bytes(body))
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise _unsent(error) from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise CourierError(ErrorClass.BAD_REQUEST, type(error).__name__, str(error)) from error
    except httpx2.HTTPError as error:
        raise _lost(call, error) from error


async def asend(session: aiohttp.ClientSession, call: Call) -> Answer:
    """`send` over an aiohttp session, for many calls in flight."""
    status, body = await _post(session, call)
    return _answer(call, status, body)


async def asend_unless(session: aiohttp.ClientSession, call: Call, *, known: int | None) -> tuple[int, Answer | None]:
    """`asend` with the answer's digest, signed 64 bit; no answer where it is the `known` one byte for byte."""
    status, body = await _post(session, call)
    digest = int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), "big", signed=True)
    return digest, None if digest == known and 200 <= status < 300 else _answer(call, status, body)


async def _post(session: aiohttp.ClientSession, call: Call) -> tuple[int, bytes]:
    try:
        async with session.post(
            call.url,
            data=call.body,
            headers=call.headers,
            allow_redirects=False,
            timeout=_patience(timeout_s()),
        ) as response:
            return response.status, await _body(call, response)
    except aiohttp.InvalidURL as error:
        raise CourierError(ErrorClass.BAD_REQUEST, type(error).__name__, str(error)) from error
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise _unsent(error) from error
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        raise _lost(call, error) from error


async def _body(call: Call, response: aiohttp.ClientResponse) -> bytes:
    """The whole answer, however it is sent; never more of it in memory than an answer may have."""
    if response.content_length is not None and response.content_length <= MAX_ANSWER_BYTES and not _is_packed(response):
        return await response.read()
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _garbage(call, "answer too long", "")
    return bytes(body)


def _is_packed(response: aiohttp.ClientResponse) -> bool:
    # A compressed answer unpacks to more than it says.
    return "content-encoding" in response.headers


@lru_cache(4)
def _patience(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


def garbage(answer: Answer, message: str) -> CourierError:
    """The answer is not in the courier's format. A write may have been carried out all the same."""
    return CourierError(
        ErrorClass.TRANSIENT, "garbage", message, raw=answer.text[:2000], is_unknown_outcome=answer.is_write
    )


def stray(told: str, raw: str) -> CourierError:
    """The answer is whole and speaks of another parcel, or of another courier's: nothing in it is ours to store."""
    return CourierError(ErrorClass.ANOTHER_PARCEL, told[:40], "", raw=raw[:KEPT_OF_STRAY])


def _answer(call: Call, status: int, body: bytes) -> Answer:
    # Couriers promise UTF-8; a wrong byte in a site name must not lose the scan.
    text = body.decode("utf-8", errors="replace")
    if 200 <= status < 300:
        return Answer(text, call.is_write)
    if status == 429:
        raise CourierError(ErrorClass.THROTTLED, "429", "HTTP 429", raw=text[:2000])
    if status in (401, 403):
        raise CourierError(ErrorClass.AUTH, str(status), f"HTTP {status}", raw=text[:2000])
    if 400 <= status < 500:
        raise CourierError(ErrorClass.BAD_REQUEST, str(status), f"HTTP {status}", raw=text[:2000])
    raise CourierError(
        ErrorClass.TRANSIENT, str(status), f"HTTP {status}", raw=text[:2000], is_unknown_outcome=call.is_write
    )


def _garbage(call: Call, message: str, text: str) -> CourierError:
    return garbage(Answer(text, call.is_write), message)


def _unsent(error: Exception) -> CourierError:
    """No connection was made, so the courier certainly heard nothing."""
    return CourierError(ErrorClass.TRANSIENT, type(error).__name__, str(error))


def _lost(call: Call, error: Exception) -> CourierError:
    """The request may have arrived; only the answer is missing."""
    return CourierError(ErrorClass.TRANSIENT, type(error).__name__, str(error), is_unknown_outcome=call.is_write)


_clients: dict[int, Any] = {}


def _client() -> httpx2.Client:
    """One pooled client per process: a connection inherited over a fork would be shared by two workers."""
    client = _clients.get(os.getpid())
    if client is None:
        client = _clients[os.getpid()] = httpx2.Client(
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=MAX_CONNECTIONS),
        )
    return client
