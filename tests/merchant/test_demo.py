"""`manage.py demo` as a newcomer runs it: one command, Ctrl-C, a killed launcher, a second start."""

import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
import pytest

from merchant.launcher.folder import DataFolder
from merchant.launcher.network import free_port

PROJECT = Path(__file__).resolve().parent.parent.parent
START_S = 400
NAMES = [
    "beat",
    "courier-sandbox",
    "platform-sandbox",
    "poller",
    "postgres",
    "valkey",
    "web",
    "worker",
    "worker-background",
    "worker-intercept",
    "worker-push",
]


class Terminal:
    """A demo started in a terminal of its own, on ports nobody uses."""

    def __init__(self, data: Path, ports: list[int], number: int):
        self.folder = DataFolder(data)
        self.port = ports[0]
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "HUICANG_TESTING", "DJANGO_SETTINGS_MODULE"}
        }
        self.log = (data.parent / f"terminal-{number}.log").open("w+b")
        names = ("--port", "--courier-port", "--platform-port")
        self.process = subprocess.Popen(
            [sys.executable, "-u", "manage.py", "demo", "--data", str(data)]
            + [word for name, port in zip(names, ports, strict=True) for word in (name, str(port))],
            cwd=PROJECT,
            env={**environment, "HUICANG_SERVERS": "wheel"},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        return Path(self.log.name).read_text(encoding="utf-8")

    def wait_for(self, words: str, timeout_s: float = START_S) -> None:
        deadline = time.monotonic() + timeout_s
        while words not in self.text:
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"never said {words!r} (exit code {self.process.poll()}):\n{self.text[-6000:]}")
            time.sleep(0.1)

    def children(self) -> dict[str, psutil.Process]:
        found = {}
        for path in self.folder.pids.glob("*.json"):
            found[path.stem] = psutil.Process(json.loads(path.read_text())["pid"])
        return found

    def end(self) -> None:
        for process in [*self.children().values(), psutil.Process(self.process.pid)] if self.is_up else []:
            if process.is_running():
                process.kill()
        self.log.close()

    @property
    def is_up(self) -> bool:
        return self.process.poll() is None


@pytest.fixture
def data():
    """A folder that the system user running PostgreSQL can walk into, which pytest's own folders do not allow."""
    place = Path(tempfile.mkdtemp(prefix="huicang-demo-"))
    place.chmod(0o755)
    yield place / "data"
    shutil.rmtree(place, ignore_errors=True)


def first_page_of(port: int, username: str) -> str:
    """The desk as this person meets it after signing in."""
    url, jar = f"http://127.0.0.1:{port}", http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = opener.open(f"{url}/accounts/login/", timeout=60).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    told = {"username": username, "password": "huicang-demo", "csrfmiddlewaretoken": token, "next": "/desk/"}
    with opener.open(f"{url}/accounts/login/", urllib.parse.urlencode(told).encode(), timeout=60) as page:
        return page.read().decode()


@pytest.fixture
def open_terminal(data):
    opened = []
    ports = [free_port() for _ in range(3)]

    def run() -> Terminal:
        opened.append(Terminal(data, ports, len(opened)))
        return opened[-1]

    yield run
    for terminal in opened:
        terminal.end()


def test_one_command_a_killed_worker_a_killed_launcher_and_a_clean_end(open_terminal):
    first = open_terminal()
    first.wait_for("Ctrl-C ends everything.")

    with urllib.request.urlopen(f"http://127.0.0.1:{first.port}/accounts/login/", timeout=60) as page:
        assert page.status == 200
    assert f"Open http://127.0.0.1:{first.port}/" in first.text
    assert sorted(first.children()) == NAMES
    # What the README promises: the agent's first task is a parcel that can be stopped.
    assert 'data-opens="dialog-intercept"' in first_page_of(first.port, "xiaosu")

    # A child that dies is started again, and says so.
    first.children()["worker"].kill()
    first.wait_for("*** ended (killed by SIGKILL); starting again in 2 s ***", 60)

    # A launcher killed outright takes its children along, or the next start ends them.
    left = list(first.children().values())
    first.process.kill()
    first.process.wait()
    second = open_terminal()
    second.wait_for("Ctrl-C ends everything.")
    assert [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []

    # The second seed adds nothing: the same accounts are offered.
    assert accounts_in(second.text) == accounts_in(first.text)

    running = list(second.children().values())
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(120) == 0
    assert second.text.endswith("Everything has stopped.\n")
    assert [process for process in running if process.is_running()] == []
    assert list(second.folder.pids.glob("*.json")) == []


def accounts_in(text: str) -> list[str]:
    """The lines between the address and the sandboxes."""
    greeting = re.search(r"Open http://\S+\n(.*?)The courier's side", text, re.S)
    assert greeting is not None
    return [line.strip() for line in greeting[1].splitlines() if line.strip()]
