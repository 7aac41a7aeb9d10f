"""Who sends or reads slowly, or too much, keeps a socket and nothing else: `merchant.front`, as the web process runs it
and piece by piece."""

import asyncio
import http.client
import io
import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from merchant import front
from merchant.front import Front, environ_of, lane_of, run
from merchant.launcher.network import free_port
from merchant.launcher.processes import COMMANDS, with_this_python
from merchant.launcher.supervisor import is_answering
from tests.merchant.factories import make_user
from tests.merchant.test_processes import address_of_test_database, wait_until

PROJECT = Path(__file__).resolve().parent.parent.parent
SLOW = 60
MB = 1024 * 1024


@pytest.fixture(scope="module")
def port(django_db_setup, tmp_path_factory):
    """The web process of a shop, on the tests' database."""
    port = free_port()
    logs = tmp_path_factory.mktemp("front")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "merchant.settings",
        "DATABASE_URL": address_of_test_database(),
        "REDIS_URL": settings.REDIS_URL,
        "GRANIAN_HOST": "127.0.0.1",
        "GRANIAN_PORT": str(port),
    }
    with (logs / "web.log").open("wb") as log:
        process = subprocess.Popen(
            with_this_python(COMMANDS["web"]),
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/accounts/login/"), {"web": process}, logs)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def sends(port: int, head: str, begun: bytes = b"") -> socket.socket:
    """A visitor who has sent this much and says nothing more."""
    visitor = socket.create_connection(("127.0.0.1", port), timeout=60)
    visitor.sendall(head.replace("\n", "\r\n").encode() + begun)
    return visitor


def status_of(visitor: socket.socket) -> int:
    return int(visitor.makefile("rb").readline().split()[1])


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_hundreds_of_slow_visitors_stop_neither_pages_nor_doors(port):
    head = "POST {} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 900\n\n"
    with ExitStack() as open_sockets:
        for _ in range(SLOW):
            open_sockets.enter_context(sends(port, "GET /accounts/login/ HTTP/1.1\nHost: 127"))
            open_sockets.enter_context(sends(port, head.format("/accounts/login/"), b"username="))
            open_sockets.enter_context(sends(port, head.format("/push/courier/nobody/"), b"data="))
            open_sockets.enter_context(sends(port, head.format("/health/"), b"x"))

        # Nobody can sign in yet: the page leads to the first account.
        assert ask(port, "GET", "/accounts/login/") == 302
        assert ask(port, "GET", "/health/") == 200
        assert ask(port, "POST", "/push/courier/nobody/", b"data=1") == 404
        assert ask(port, "POST", "/accounts/login/", b"username=a") == 403  # no CSRF token: Django has judged it


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/accounts/login/", 300 * MB),
        ("/accounts/login/", 2 * MB + 1),
        ("/orders/import/", 300 * MB),
        ("/push/courier/nobody/", 256 * 1024 + 1),
        ("/push/platform/nobody/", 300 * MB),
        ("/api/v1/orders/", 300 * MB),
    ],
)
def test_what_is_too_large_is_refused_before_any_of_it_is_sent(port, path, size):
    with sends(port, f"POST {path} HTTP/1.1\nHost: 127.0.0.1\nContent-Length: {size}\n\n") as visitor:
        assert status_of(visitor) == 413


def test_a_body_that_does_not_say_its_size_is_refused_where_it_grows_too_large(port):
    head = "POST /push/courier/nobody/ HTTP/1.1\nHost: 127.0.0.1\nTransfer-Encoding: chunked\n\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with sends(port, head, chunk * 5) as visitor:
        assert status_of(visitor) == 413


@pytest.mark.django_db(transaction=True)
def test_files_are_taken_from_who_has_signed_in_and_from_nobody_else(port):
    client = Client()
    client.force_login(make_user())
    known = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    form = b"x=" + b"x" * (3 * MB)

    # 403 is Django's word about the CSRF token: the form was let through.
    assert ask(port, "POST", "/imports/", form, **known) in (403, 404)
    head = "POST /imports/ HTTP/1.1\nHost: 127.0.0.1\nContent-Length: {}\n{}\n"
    for size, cookie in ((81 * MB, known["Cookie"]), (3 * MB, "sessionid=invented"), (3 * MB, "no cookie at all")):
        with sends(port, head.format(size, f"Cookie: {cookie}\n")) as visitor:
            assert status_of(visitor) == 413, (size, cookie)


# --- piece by piece ---------------------------------------------------------------------------------------------------
class Headers:
    def __init__(self, pairs: list[tuple[str, str]]):
        self.pairs = pairs

    def items(self) -> list[tuple[str, str]]:
        return self.pairs

    def get(self, name: str, default: str | None = None) -> str | None:
        return dict(self.pairs).get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in dict(self.pairs)


class Scope:
    http_version, scheme, server, client, query_string = "1.1", "http", "127.0.0.1:8000", "192.0.2.7:4711", "a=1"

    def __init__(self, path: str = "/", method: str = "POST", **headers: str):
        self.path, self.method = path, method
        self.headers = Headers([(name.replace("_", "-"), value) for name, value in headers.items()])


class Proto:
    """A connection that brings these pieces, and then waits for ever where it `hangs`."""

    def __init__(self, *pieces: bytes, hangs: bool = False):
        self.pieces, self.hangs, self.sent = pieces, hangs, b""
        self.status = 0
        self.headers: list[tuple[str, str]] = []

    async def __aiter__(self):
        for piece in self.pieces:
            yield piece
        if self.hangs:
            await asyncio.sleep(3600)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.sent = status, headers, body

    def response_stream(self, status: int, headers: list[tuple[str, str]]):
        self.status, self.headers = status, headers
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.sent += data


def echo(environ, start_response):
    start_response("200 OK", [("X-Lane", "here")])
    return [environ["wsgi.input"].read()]


def answer_to(scope: Scope, proto: Proto, app=echo, **counts: int) -> Front:
    asked = Front(app)
    for name, value in counts.items():
        setattr(asked, name, value)
    # In a thread of its own: a browser of another test may have left its loop running in this one.
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, asked.__rsgi__(scope, proto)).result()
    return asked


def test_a_trickle_ends_when_its_patience_is_used_up(monkeypatch):
    monkeypatch.setattr(front, "PATIENCE_S", 0.05)
    proto = Proto(b"x", hangs=True)

    asked = answer_to(Scope(content_length="900"), proto)

    assert (proto.status, asked.held) == (HTTPStatus.REQUEST_TIMEOUT, 0)
    assert "没有任何改动" in proto.sent.decode()


def test_what_arrives_in_pieces_reaches_django_whole():
    proto = Proto(b"ab", b"cd")

    asked = answer_to(Scope(content_length="4"), proto)

    assert (proto.status, proto.sent, proto.headers, asked.held) == (200, b"abcd", [("x-lane", "here")], 0)


def test_a_full_house_refuses_a_body_and_a_long_queue_a_request(monkeypatch):
    full = Proto(b"abcd")
    asked = answer_to(Scope(content_length="4"), full, held=front.HELD_MAX - 3)
    monkeypatch.setattr(front, "WAITING_MAX", 0)
    queued = Proto()
    answer_to(Scope(method="GET"), queued)

    assert (full.status, queued.status) == (503, 503)
    assert ("retry-after", "5") in full.headers
    assert asked.held == front.HELD_MAX - 3


def test_a_long_answer_is_written_down_and_leaves_in_pieces():
    closed = []

    class Long:
        def __iter__(self):
            yield from [b"x" * MB, b"y"]

        def close(self):
            closed.append(True)

    def app(environ, start_response):
        start_response("206 Partial", [])
        return Long()

    proto = Proto()
    answer_to(Scope(method="GET"), proto, app)

    assert (proto.status, len(proto.sent), proto.sent[-1:], closed) == (206, MB + 1, b"y", [True])


def test_a_fault_is_told_in_words_and_not_in_its_own():
    def app(environ, start_response):
        raise ValueError("secret")

    proto = Proto()
    answer_to(Scope("/api/v1/orders/", "GET", cookie="django_language=en"), proto, app)

    assert (proto.status, ("content-type", "application/problem+json; charset=utf-8") in proto.headers) == (500, True)
    assert b"This page failed" in proto.sent
    assert b"secret" not in proto.sent


def test_a_request_is_to_django_what_it_was_on_the_wire():
    scope = Scope("/订单/", content_type="text/plain", x_forwarded_for="198.51.100.1")
    scope.headers.pairs += [
        ("x_forwarded_for", "203.0.113.9"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("content-length", "99"),
    ]

    told = environ_of(scope, 4, io.BytesIO(b"abcd"))

    assert told["PATH_INFO"].encode("latin-1").decode() == "/订单/"
    assert (told["QUERY_STRING"], told["CONTENT_TYPE"], told["CONTENT_LENGTH"]) == ("a=1", "text/plain", "4")
    assert told["HTTP_X_FORWARDED_FOR"] == "198.51.100.1"  # the name with a line below is anybody's invention
    assert told["HTTP_COOKIE"] == "a=1; b=2"
    assert told["REMOTE_ADDR"] == "192.0.2.7"
    scope.client = "[2001:db8::1]:4711"
    assert environ_of(scope, 0, io.BytesIO())["REMOTE_ADDR"] == "2001:db8::1"


def test_pages_and_doors_have_threads_of_their_own():
    assert [lane_of(path) for path in ("/push/courier/x/", "/health/", "/desk/", "/api/v1/orders/")] == [
        "doors",
        "doors",
        "pages",
        "pages",
    ]
    status, headers, answer = run(echo, {"wsgi.input": io.BytesIO(b"x")})
    assert (status, headers, answer.tell()) == (200, [("x-lane", "here")], 1)
