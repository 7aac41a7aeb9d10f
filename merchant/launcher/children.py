"""Processes the launcher starts: they end with it, and what a killed launcher left is found and ended."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

PR_SET_PDEATHSIG = 1


def dies_with_parent(death_signal: int) -> Callable[[], None] | None:
    """What a child runs before its program, so that the kernel signals it when the launcher dies, even by SIGKILL.

    Linux only; elsewhere the next start ends what was left (`stop_leftovers`).
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # the launcher died between the fork and the line above
            os._exit(1)

    return arm


@dataclass
class Program:
    """One thing to run: a name for the log, the command, and how it likes to be ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    grace_s: float = 15.0
    uid: int | None = None
    gid: int | None = None
    is_quiet: bool = False  # its lines go to the log file only
    ready_words: str = ""  # part of the line by which it says that it works; "" when it says nothing
    folder: Path | None = None  # where it runs; the launcher's own folder when None


class Child:
    """A running Program in a process group of its own, known to the next launcher by a pid file."""

    def __init__(self, program: Program, pids: Path, output: int | IO[Any]):
        self.program = program
        self.pid_file = pids / f"{program.name}.json"
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            list(program.command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **program.environment},
            cwd=program.folder,
            start_new_session=True,  # Ctrl-C reaches the launcher alone, which then ends the others in order
            preexec_fn=dies_with_parent(program.stop_signal),
            user=program.uid,
            group=program.gid,
            extra_groups=[] if program.gid is not None else None,
        )
        self.pid_file.write_text(json.dumps({"pid": self.process.pid, "started": started_at(self.process.pid)}))

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()

    def ask_to_stop(self) -> None:
        signal_group(self.process.pid, self.program.stop_signal, leader_only=True)

    def finish(self, deadline: float) -> None:
        """Waits until `deadline` (time.monotonic), then ends the whole group; the pid file goes with it."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.pid_file.unlink(missing_ok=True)


def started_at(pid: int) -> float:
    """When the process began, in seconds; tells it from a later one with the same number. 0.0 when it is gone."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def is_alive(pid: int) -> bool:
    """Whether the process still runs; one that ended and waits for its parent to notice does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def signal_group(pid: int, number: int, *, leader_only: bool = False) -> None:
    try:
        if leader_only:
            os.kill(pid, number)
        else:
            os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def stop_leftovers(pids: Path, *, grace_s: float = 8.0) -> list[str]:
    """Ends what an earlier launcher of this folder left running; returns the names. No pid file stays."""
    left: list[tuple[str, int]] = []
    for pid_file in sorted(pids.glob("*.json")):
        try:
            noted = json.loads(pid_file.read_text())
            pid, started = int(noted["pid"]), float(noted["started"])
        except (ValueError, KeyError, TypeError):
            continue
        pid_file.unlink(missing_ok=True)
        # The number may have gone to a stranger since: only the process that began at the noted moment is ours.
        if is_alive(pid) and abs(started_at(pid) - started) < 0.05:
            left.append((pid_file.stem, pid))
            signal_group(pid, signal.SIGINT if pid_file.stem == "postgres" else signal.SIGTERM, leader_only=True)
    deadline = time.monotonic() + grace_s
    for _, pid in left:
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        signal_group(pid, signal.SIGKILL)
    return [name for name, _ in left]
