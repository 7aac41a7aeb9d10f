"""The data folder: where the servers keep their files, and how a second launcher learns that the first still runs."""

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


class CannotStart(Exception):
    """The launcher cannot go on; the text is the sentence the person reads."""


class DataFolder:
    """`.data/` of the project, or the folder named by HUICANG_DATA.

    One launcher at a time: the lock is held by an open file, so it ends with its process however that ends.
    """

    def __init__(self, path: Path):
        self.path = path
        self._lock_file: int | None = None

    @classmethod
    def default(cls, *parts: str) -> "DataFolder":
        return cls(Path(os.environ.get("HUICANG_DATA") or PROJECT / ".data").resolve().joinpath(*parts))

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def pids(self) -> Path:
        return self.path / "run"

    @property
    def addresses(self) -> Path:
        return self.path / "servers.json"

    def make(self, path: Path) -> Path:
        """Makes a folder when it is missing; a folder of somebody else is a sentence, not a traceback."""
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o755)
        except PermissionError:
            raise CannotStart(
                f"The folder {path.parent} belongs to somebody else. Delete it, start as its owner, or name another "
                "folder in HUICANG_DATA."
            ) from None
        return path

    def lock(self) -> None:
        """Takes the folder for this process; raises CannotStart when a living launcher has it."""
        self.make(self.path)
        self.make(self.pids)
        self.make(self.logs)
        try:
            self._lock_file = os.open(self.path / "launcher.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except PermissionError:
            raise CannotStart(
                f"The folder {self.path} belongs to somebody else. Delete it, start as its owner, or name another "
                "folder in HUICANG_DATA."
            ) from None
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock_file)
            self._lock_file = None
            raise CannotStart(
                f"Another launcher is running with the folder {self.path}. Stop it with Ctrl-C first, or name another "
                "folder in HUICANG_DATA."
            ) from None

    def unlock(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def is_locked(self) -> bool:
        """Whether a living launcher has the folder."""
        try:
            handle = os.open(self.path / "launcher.lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def publish(self, addresses: Mapping[str, str]) -> None:
        """Lets other commands on this machine find the running servers; the file holds passwords, so it is private."""
        handle = os.open(self.addresses, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(dict(addresses), file)

    def published(self) -> dict[str, str]:
        """The addresses of a running launcher's servers, empty when none runs."""
        if not self.is_locked():
            return {}
        try:
            found = json.loads(self.addresses.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def short_hash(self) -> str:
        """Twelve characters that tell this folder from another one of the same machine."""
        return hashlib.blake2b(str(self.path).encode(), digest_size=6).hexdigest()


def running_address(name: str) -> str:
    """DATABASE_URL or REDIS_URL of the running demo, "" without one: `manage.py shell` then needs no environment."""
    return DataFolder.default().published().get(name, "")


def is_reachable(path: Path, uid: int, gid: int) -> bool:
    """Whether another user of this machine can walk down to `path`; the folders of `/root` usually stop it."""
    for place in [path, *path.parents]:
        try:
            status = place.stat()
        except FileNotFoundError:
            continue
        if status.st_uid == uid:
            needed = stat.S_IXUSR
        elif status.st_gid == gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return False
    return True


def only_wheels() -> bool:
    """HUICANG_SERVERS=wheel: servers come from the installed wheels even where this machine has its own."""
    return os.environ.get("HUICANG_SERVERS", "") == "wheel"
