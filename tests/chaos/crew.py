"""All processes of a shop and of the world outside it, started for one test and killed at will."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import redis as redis_client

from merchant.launcher.network import free_port
from merchant.launcher.processes import COMMANDS, with_this_python
from merchant.launcher.supervisor import is_answering
from merchant.launcher.valkey import find_binary
from tests.sandboxes import PROJECT, SandboxProcess, start_courier_sandbox, start_platform_sandbox

READY_S = 60


class Crew:
    """`kill(name)` is SIGKILL and a new process at once, as a supervisor would do it. So is the rest of a supervisor's
    work: a process that ends by itself is started again (Celery's worker may, when its Redis is killed while it holds
    tasks: kombu 5.7 trips over its own closed connection)."""

    def __init__(self, folder: Path, database_url: str, *, clock_scale: float, sandbox_scale: float) -> None:
        self.folder = folder
        self.redis_port = free_port()
        self.web_port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.kills: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self._hands = threading.RLock()
        self._over = threading.Event()
        self.courier: SandboxProcess = start_courier_sandbox(folder, scale=sandbox_scale, slow_call_s=1.0)
        self.platform: SandboxProcess = start_platform_sandbox(folder, scale=sandbox_scale)
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "merchant.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "HUICANG_TESTING": "1",
            "HUICANG_CLOCK_SCALE": str(clock_scale),
            "HUICANG_COURIER_TIMEOUT_S": "3",
            "HUICANG_SITE_URL": self.url,
            "HUICANG_ZTO_HOST": self.courier.url,
            "HUICANG_YTO_HOST": self.courier.url,
            "HUICANG_KUAISHOU_HOST": self.platform.url,
            "HUICANG_WECHAT_PAY_HOST": self.platform.url,
            "HUICANG_LOG_LEVEL": "WARNING",
            "GRANIAN_HOST": "127.0.0.1",
            "GRANIAN_PORT": str(self.web_port),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def start(self) -> None:
        self.start_redis()
        for name in COMMANDS:
            self._start(name, with_this_python(COMMANDS[name]))
        threading.Thread(target=self._mind, daemon=True).start()
        deadline = time.monotonic() + READY_S
        while not is_answering(f"{self.url}/health/"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the page does not answer:\n{self.log_of('web')[-3000:]}")
            time.sleep(0.2)

    def start_redis(self) -> None:
        binary = find_binary()
        assert binary is not None
        self._start(
            "redis",
            [
                str(binary.path),
                "--port",
                str(self.redis_port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ],
        )
        client = redis_client.Redis(port=self.redis_port)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                client.ping()
                return
            except redis_client.RedisError:
                time.sleep(0.05)
        raise RuntimeError("redis does not answer")

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=PROJECT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def _mind(self) -> None:
        while not self._over.wait(0.5):
            with self._hands:
                for name in COMMANDS:
                    if self.processes[name].poll() is not None and not self._over.is_set():
                        self.ended[name] = self.ended.get(name, 0) + 1
                        self._start(name, with_this_python(COMMANDS[name]))

    def kill(self, name: str) -> None:
        self.kills[name] = self.kills.get(name, 0) + 1
        if name in ("courier", "platform"):
            sandbox: SandboxProcess = getattr(self, name)
            sandbox.kill()
            sandbox.start()
            return
        with self._hands:
            process = self.processes[name]
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if name == "redis":
                self.start_redis()
            else:
                self._start(name, with_this_python(COMMANDS[name]))

    def stop(self) -> None:
        self._over.set()
        with self._hands:
            self._stop()

    def _stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.courier.stop()
        self.platform.stop()

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def control(self, party: str, path: str, told: Any = None) -> Any:
        """A sandbox's control API; a sandbox that is just being killed is asked again."""
        for _attempt in range(50):
            try:
                return getattr(self, party).control(path, told)
            except OSError as error:
                if getattr(error, "code", 0) in (400, 404, 409):
                    raise
                time.sleep(0.2)
        raise RuntimeError(f"the {party} sandbox does not answer")
