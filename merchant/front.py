"""What stands in front of Django: every body is here whole before a thread is taken for it, every answer leaves after
the thread is free again. A visitor who sends or reads slowly keeps a socket and nothing else (docs/decisions/0037).

Granian runs it by RSGI: it parses the headers and gives them ten seconds (`--http1-header-read-timeout`)."""

import asyncio
import json
import logging
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import close_old_connections
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from merchant.incoming import is_storable
from merchant.wsgi import application as django_application

logger = logging.getLogger(__name__)

# What every body has, and then the pace it has to keep on average, there and back: a slow line passes, a trickle ends.
PATIENCE_S = 15.0
BYTES_A_SECOND = 16 * 1024
# Up to here a body is kept in memory, beyond it in a file without a name.
IN_MEMORY = 1024 * 1024
CHUNK = 64 * 1024
# All bodies that one process is holding at a time.
HELD_MAX = 512 * 1024 * 1024
# Pages never keep the doors of couriers and platforms waiting, which have three seconds, nor the question how we are.
DOORS = ("/push/", "/health/")
THREADS = {"pages": 4, "doors": 2}
# Requests that are here whole and have no thread yet; more are sent away at once.
WAITING_MAX = 200
# Browsers that are still sending do not read: of what is refused so much is let run out, so that they see the answer.
RUN_OUT_BYTES = 8 * 1024 * 1024
RUN_OUT_S = 2.0

Answer = tuple[int, list[tuple[str, str]], IO[bytes]]


class Turned(Exception):
    """A request that is answered without Django."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class Front:
    """The RSGI application around a WSGI one."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]]) -> None:
        self.wsgi = wsgi
        self.pools = {name: ThreadPoolExecutor(threads, thread_name_prefix=name) for name, threads in THREADS.items()}
        self.waiting = dict.fromkeys(THREADS, 0)
        self.held = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Granian calls this as a worker starts. Importing this module asks no database."""
        # By name: it reads models, which are there once the application above is.
        self.pools["pages"].submit(import_string("merchant.staff.first.announce"))

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        try:
            with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
                size = 0
                try:
                    size = await self._receive(scope, proto, body)
                    body.seek(0)
                    work = partial(run, self.wsgi, environ_of(scope, size, body))
                    status, headers, answer = await self._in_thread(lane_of(scope.path), work)
                finally:
                    self.held -= size
            with answer:
                await send(proto, status, headers, answer)
        except Turned as turned:
            await turn_away(scope, proto, turned.status)
        except Exception:
            logger.exception("the front failed at %s", scope.method)
            await turn_away(scope, proto, HTTPStatus.INTERNAL_SERVER_ERROR)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        for pool in self.pools.values():
            pool.shutdown()

    async def _receive(self, scope: Any, proto: Any, body: IO[bytes]) -> int:
        """The body, written into `body`; its size. What it holds of HELD_MAX is given back by the caller."""
        declared = scope.headers.get("content-length")
        if declared is None and "transfer-encoding" not in scope.headers:
            return 0
        most, is_asked = most_bytes(scope.path), False
        expected = int(declared) if declared and declared.isdecimal() else 0
        loop = asyncio.get_running_loop()
        began, size = loop.time(), 0
        try:
            async with asyncio.timeout_at(began + PATIENCE_S) as patience:
                if expected > most:
                    most, is_asked = await self._more_for(scope, most), True
                self._check(expected, expected, most)
                async for chunk in proto:
                    if size + len(chunk) > most and not is_asked:
                        most, is_asked = await self._more_for(scope, most), True
                    self._check(size + len(chunk), len(chunk), most)
                    size += len(chunk)
                    self.held += len(chunk)
                    body.write(chunk)
                    patience.reschedule(began + PATIENCE_S + size / BYTES_A_SECOND)
        except BaseException as error:
            self.held -= size
            if isinstance(error, TimeoutError):
                raise Turned(HTTPStatus.REQUEST_TIMEOUT) from error
            raise
        return size

    def _check(self, size: int, more: int, most: int) -> None:
        if size > most:
            raise Turned(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self.held + more > HELD_MAX:
            raise Turned(HTTPStatus.SERVICE_UNAVAILABLE)

    async def _more_for(self, scope: Any, most: int) -> int:
        """Files are taken from those whom we know; asking costs one short read, and no body waits in the thread."""
        if lane_of(scope.path) == "doors":
            return most
        is_known = await self._in_thread("pages", partial(is_known_sender, dict(scope.headers.items())))
        return settings.UPLOAD_MAX_BYTES if is_known else most

    async def _in_thread(self, lane: str, work: Callable[[], Any]) -> Any:
        if self.waiting[lane] >= WAITING_MAX:
            raise Turned(HTTPStatus.SERVICE_UNAVAILABLE)
        self.waiting[lane] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pools[lane], work)
        finally:
            self.waiting[lane] -= 1


def lane_of(path: str) -> str:
    return "doors" if path.startswith(DOORS) else "pages"


def most_bytes(path: str) -> int:
    """How large a body anybody may send to this path."""
    return settings.PUSH_MAX_BYTES if lane_of(path) == "doors" else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def is_known_sender(headers: dict[str, str]) -> bool:
    """Whether somebody who signed in, or a program with a usable token, sends this."""
    find_token = import_string("merchant.api.services.find_token")  # of models, which are there once Django is set up
    close_old_connections()
    try:
        scheme, _space, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and find_token(secret.strip()):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
        except CookieError:
            return False
        sessions = import_module(settings.SESSION_ENGINE)
        if morsel is None or not is_storable(morsel.value):
            return False
        return SESSION_KEY in sessions.SessionStore(morsel.value).load()
    finally:
        close_old_connections()


def environ_of(scope: Any, size: int, body: IO[bytes]) -> dict[str, Any]:
    """The request as WSGI has it."""
    host, _colon, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.errors": LogErrors(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue  # would pass for the same name with a dash, such as X-Forwarded-For
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    environ["CONTENT_LENGTH"] = str(size)
    return environ


class LogErrors:
    """`wsgi.errors`: what is written goes to the log."""

    def write(self, text: str) -> None:
        if text.strip():
            logger.error(text.rstrip())

    def flush(self) -> None:
        pass


def run(wsgi: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Answer:
    """In a thread: the whole answer, written down, so that whoever reads it slowly does not keep the thread."""
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        started.append((int(status[:3]), [(name.lower(), value) for name, value in headers]))

    answer = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    try:
        parts = wsgi(environ, start_response)
        try:
            for part in parts:
                answer.write(part)
        finally:
            if hasattr(parts, "close"):
                parts.close()
    except BaseException:
        answer.close()
        raise
    status, headers = started[-1]
    return status, headers, answer


async def send(proto: Any, status: int, headers: list[tuple[str, str]], answer: IO[bytes]) -> None:
    size = answer.tell()
    answer.seek(0)
    if size <= IN_MEMORY:
        proto.response_bytes(status, headers, answer.read())
        return
    transport = proto.response_stream(status, headers)
    try:
        async with asyncio.timeout(PATIENCE_S + size / BYTES_A_SECOND):
            while chunk := answer.read(CHUNK):
                await transport.send_bytes(chunk)
    except (TimeoutError, RuntimeError) as gone:  # the reader is too slow, or has left
        logger.info("an answer was not read to its end: %r", gone)


async def turn_away(scope: Any, proto: Any, status: HTTPStatus) -> None:
    headers = [("cache-control", "no-store"), ("connection", "close")]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("retry-after", "5"))
    chosen = "en" if f"{settings.LANGUAGE_COOKIE_NAME}=en" in (scope.headers.get("cookie") or "") else "zh-hans"
    kind = "text/plain" if lane_of(scope.path) == "doors" else "text/html"
    if scope.path.startswith("/api/"):
        kind = "application/problem+json"
    headers.append(("content-type", f"{kind}; charset=utf-8"))
    proto.response_bytes(int(status), headers, refusal(status, kind, chosen))
    if status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return
    try:
        async with asyncio.timeout(RUN_OUT_S):
            run_out = 0
            async for chunk in proto:
                run_out += len(chunk)
                if run_out > RUN_OUT_BYTES:
                    return
    except (TimeoutError, RuntimeError):
        return


@lru_cache(maxsize=64)
def refusal(status: HTTPStatus, kind: str, language: str) -> bytes:
    """A page, a problem or a line, in the reader's language."""
    with translation.override(language):
        title, text = {
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
                _("This is too much at once"),
                _("Nothing was taken in: at most %(most)d MB at a time. Split the file, or sign in again.")
                % {"most": settings.UPLOAD_MAX_BYTES // 1024 // 1024},
            ),
            HTTPStatus.REQUEST_TIMEOUT: (
                _("It came too slowly"),
                _("The connection was too slow to take this in. Nothing was changed; try again."),
            ),
            HTTPStatus.SERVICE_UNAVAILABLE: (
                _("Too much is going on here"),
                _("Nothing was changed. Try again in a few seconds."),
            ),
        }.get(
            status, (_("This page failed"), _("The fault is on record. Reload; if it stays, tell your administrator."))
        )
        if kind == "text/html":
            return render_to_string("components/error.html", {"title": title, "text": text}).encode()
        if kind == "text/plain":
            return text.encode()
    problem = {
        "type": "about:blank",
        "title": title,
        "status": int(status),
        "detail": text,
        "code": status.name,
    }
    return json.dumps(problem, ensure_ascii=False).encode()


application = Front(django_application)
