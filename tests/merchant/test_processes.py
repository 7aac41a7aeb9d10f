"""The product's processes as they run in a shop: the commands of docker-compose.yml on real PostgreSQL and Redis."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from merchant.launcher.network import free_port
from merchant.launcher.processes import COMMANDS, with_this_python
from merchant.launcher.supervisor import is_answering, python

PROJECT = Path(__file__).resolve().parent.parent.parent
READY_S = 120


def address_of_test_database() -> str:
    words = connection.settings_dict
    login = quote(words["USER"], safe="") + (f":{quote(words['PASSWORD'], safe='')}" if words["PASSWORD"] else "")
    port = f":{words['PORT']}" if words["PORT"] else ""
    return f"postgres://{login}@{words['HOST']}{port}/{words['NAME']}"


@pytest.fixture
def environment(transactional_db):
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "merchant.settings",
        "DATABASE_URL": address_of_test_database(),
        "REDIS_URL": settings.REDIS_URL,
        "HUICANG_CLOCK_SCALE": "0.05",  # beat's twenty seconds take one
        "GRANIAN_HOST": "127.0.0.1",
        "GRANIAN_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def start(environment, tmp_path):
    """Starts a process of the compose file; whatever still runs at the end of the test is killed."""
    started = []

    def run(name: str) -> subprocess.Popen:
        with (tmp_path / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                with_this_python(COMMANDS[name]),
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(is_true, processes: dict[str, subprocess.Popen], logs: Path) -> None:
    deadline = time.monotonic() + READY_S
    while not is_true():
        ended = {name: process.poll() for name, process in processes.items() if process.poll() is not None}
        late = time.monotonic() > deadline
        if ended or late:
            tails = "\n".join(f"--- {name}\n{(logs / f'{name}.log').read_text()[-3000:]}" for name in processes)
            pytest.fail(f"ended: {ended}, late: {late}\n{tails}")
        time.sleep(0.2)


def told(url: str) -> dict[str, str]:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def test_every_process_starts_works_and_ends_when_asked(start, environment, tmp_path):
    processes = {name: start(name) for name in COMMANDS}
    health = f"http://127.0.0.1:{environment['GRANIAN_PORT']}/health/"

    wait_until(lambda: is_answering(health), processes, tmp_path)
    # Beat schedules the workers' signs of life, each through a queue of its own; beat and the poller give their own.
    wait_until(lambda: told(health)["status"] == "ok", processes, tmp_path)
    assert sorted(workers_that_answer(environment)) == ["background", "intercept", "push", "urgent"]
    assert told(f"{health}?all") == {
        "status": "ok",
        "database": "ok",
        "disk": "ok",
        "redis": "ok",
        "queue": "ok",
        "poller": "ok",
        "beat": "ok",
        **dict.fromkeys(["worker-money", "worker-intercept", "worker-push", "worker-background"], "ok"),
    }
    assert alive("beat", environment) == alive("poller", environment) == 0
    assert alive("nobody", environment) == 1

    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    codes = {name: process.wait(60) for name, process in processes.items()}

    assert codes == dict.fromkeys(COMMANDS, 0)


def workers_that_answer(environment: dict[str, str]) -> list[str]:
    """The short names of the workers that answer the health check of the compose file."""
    asked = subprocess.run(
        python("-m", "celery", "-A", "merchant", "inspect", "ping", "--timeout", "5", "--json"),
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name.split("@")[0] for name in json.loads(asked.stdout)]


def alive(name: str, environment: dict[str, str]) -> int:
    return subprocess.run(
        python("manage.py", "healthcheck", name), cwd=PROJECT, env=environment, capture_output=True, check=False
    ).returncode
