import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from logistics.sandbox.wires import WAYS, WIRES
from tests.sandboxes import SandboxProcess, start_courier_sandbox


@pytest.fixture(scope="module")
def courier(tmp_path_factory) -> Iterator[SandboxProcess]:
    """The courier sandbox as a process of its own; a nominal minute passes in 60 ms."""
    process = start_courier_sandbox(tmp_path_factory.mktemp("courier"), scale=0.001, slow_call_s=2.0)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def fast_courier(tmp_path_factory) -> Iterator[SandboxProcess]:
    """Another one, in which a day passes in two seconds."""
    process = start_courier_sandbox(tmp_path_factory.mktemp("fast_courier"), scale=0.00002)
    yield process
    process.stop()


def hosts(url: str) -> dict[str, str]:
    """Every courier and every way of asking one, at this address."""
    return dict.fromkeys([*WIRES, *WAYS, "kuaidi100_api"], url)


@pytest.fixture(autouse=True)
def at_the_sandbox(courier, settings) -> None:
    settings.COURIER_HOSTS = hosts(courier.url)


class Merchant:
    """A merchant's push door that writes down what arrives and answers as the test says."""

    def __init__(self) -> None:
        self.bodies: list[tuple[bytes, dict[str, str]]] = []
        self.answer: Callable[[bytes], tuple[int, str]] = lambda body: (200, '{"status": true}')
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                merchant.bodies.append((body, {n.lower(): v for n, v in self.headers.items()}))
                status, text = merchant.answer(body)
                self.send_response(status)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/push"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    door = Merchant()
    yield door
    door.server.shutdown()
    door.server.server_close()
