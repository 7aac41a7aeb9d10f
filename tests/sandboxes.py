"""The outside world as real processes: each function starts one on a free port and says where it is."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 120


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class SandboxProcess:
    """A running sandbox. `control(path, told)` speaks its control API: GET without `told`, POST with it."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.command, self.port, self.log = command, port, log
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start (again) on the same port with the same state; returns when it answers."""
        environment = {**os.environ, "HUICANG_TESTING": "1", "DJANGO_SETTINGS_MODULE": "merchant.settings"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.control("/health")
            except (OSError, ValueError):
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError(f"{' '.join(self.command)} did not start:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        self._end(self.process.terminate if self.process else None)

    def kill(self) -> None:
        """SIGKILL: nothing is said goodbye to."""
        self._end(self.process.kill if self.process else None)

    def _end(self, how: Any) -> None:
        if self.process is None or how is None:
            return
        how()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(30)
        self.process = None

    def control(self, path: str, told: Any = None) -> Any:
        """The answer's JSON. Raises urllib's HTTPError (an OSError) for a refusal."""
        path = path if path.startswith(("/control", "/health")) else f"/control{path}"
        body = None if told is None else json.dumps(told).encode()
        request = urllib.request.Request(self.url + path, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())


def start_courier_sandbox(
    tmp_path: Path, *, scale: float = 0.01, port: int = 0, slow_call_s: float = 2.0
) -> SandboxProcess:
    """`manage.py courier_sandbox` with its state under `tmp_path`; 0.01 makes a minute of a parcel's life 0.6 s."""
    port = port or free_port()
    state = tmp_path / "courier_sandbox.sqlite3"
    command = [sys.executable, "manage.py", "courier_sandbox", "--port", str(port), "--state", str(state)]
    command += ["--scale", str(scale), "--slow-call", str(slow_call_s)]
    return SandboxProcess(command, port, tmp_path / "courier_sandbox.log")


def start_platform_sandbox(tmp_path: Path, *, scale: float = 0.01, port: int = 0) -> SandboxProcess:
    """`manage.py platform_sandbox` with its state under `tmp_path`; 0.01 makes the four seconds of a payment 0.04 s."""
    port = port or free_port()
    state = tmp_path / "platform_sandbox.jsonl"
    command = [sys.executable, "manage.py", "platform_sandbox", "--port", str(port), "--state", str(state)]
    command += ["--scale", str(scale)]
    return SandboxProcess(command, port, tmp_path / "platform_sandbox.log")
