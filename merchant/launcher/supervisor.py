"""Runs the programs: merged, prefixed lines on the terminal, a log file each, restarts, and an orderly end.

One thread on purpose: a child dies with the thread that started it, and forking is safest without others.
"""

import os
import re
import selectors
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from merchant.launcher.children import Child, Program
from merchant.launcher.folder import CannotStart, DataFolder

LOG_BYTES = 10 * 1024 * 1024
COLOURS = ("36", "33", "35", "32", "34", "96", "93", "95", "92", "94")
RESTART_S = (1, 2, 5, 15, 30)
HAS_TIME = re.compile(rb"\[?\d\d:\d\d:\d\d")
STEADY_S = 60  # a program that ran this long starts again at once when it ends


class Log:
    """One program's log file; past LOG_BYTES it is put aside as `.1` and a new one begun."""

    def __init__(self, path: Path):
        self.path = path
        self.file: IO[bytes] = path.open("ab")
        self._turn_over()

    def write(self, line: bytes) -> None:
        self.file.write(line + b"\n")
        self.file.flush()
        self._turn_over()

    def _turn_over(self) -> None:
        if self.file.tell() > LOG_BYTES:
            self.file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self.file = self.path.open("ab")


class Running:
    """A program under watch: its living child, the half line read so far, and when to start it again."""

    def __init__(self, program: Program, log: Log, colour: str):
        self.program = program
        self.log = log
        self.colour = colour
        self.child: Child | None = None
        self.rest = b""
        self.began = 0.0
        self.falls = 0
        self.restart_at: float | None = None
        self.pipe: int | None = None
        self.is_ready = not program.ready_words


class Supervisor:
    def __init__(self, folder: DataFolder, *, out: IO[str] | None = None):
        self.folder = folder
        self.out = out or sys.stdout
        self.is_terminal = self.out.isatty()
        self.selector = selectors.DefaultSelector()
        self.running: list[Running] = []
        self.stop_signals = 0

    # --- words on the terminal ---------------------------------------------------------------------------------------
    def say(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    def say_line(self, name: str, colour: str, line: bytes) -> None:
        stamp = "" if HAS_TIME.match(line) else time.strftime("%H:%M:%S ")
        prefix = f"{name:<17} │ {stamp}"
        if self.is_terminal:
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self.say(prefix + line.decode("utf-8", "replace").rstrip())

    # --- signals -----------------------------------------------------------------------------------------------------
    def watch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_signals += 1

    @property
    def is_stopping(self) -> bool:
        return self.stop_signals > 0

    # --- starting ----------------------------------------------------------------------------------------------------
    def start(self, program: Program) -> Running:
        running = Running(
            program, Log(self.folder.logs / f"{program.name}.log"), COLOURS[len(self.running) % len(COLOURS)]
        )
        self.running.append(running)
        self._spawn(running)
        return running

    def _spawn(self, running: Running) -> None:
        running.began = time.monotonic()
        running.restart_at = None
        if running.program.is_quiet:  # straight to its file: nobody has to read along
            running.child = Child(running.program, self.folder.pids, running.log.file)
            return
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        try:
            running.child = Child(running.program, self.folder.pids, write_end)
        finally:
            os.close(write_end)
        running.pipe = read_end
        self.selector.register(read_end, selectors.EVENT_READ, running)

    def is_up(self, running: Running) -> bool:
        return running.child is not None and running.child.exit_code is None and not self.is_stopping

    def run_once(
        self, name: str, command: Sequence[str], environment: dict[str, str], *, timeout_s: float = 600
    ) -> str:
        """Runs a command to its end and returns what it printed; a failure is a CannotStart with its last lines.

        The servers' lines are read meanwhile, so that a full pipe never stops them.
        """
        log = Log(self.folder.logs / f"{name}.log")
        path = self.folder.logs / f"{name}.out"
        with path.open("w+b") as output:
            child = Child(Program(name, command, environment), self.folder.pids, output)
            deadline = time.monotonic() + timeout_s
            while child.exit_code is None:
                self.turn(0.1, restart=False)
                if self.is_stopping or time.monotonic() > deadline:
                    child.ask_to_stop()
                    child.finish(time.monotonic() + 5)
                    raise CannotStart(f"{name} was stopped before it ended.")
            child.finish(time.monotonic())
            output.seek(0)
            printed = output.read()
        path.unlink()
        for line in printed.splitlines():
            log.write(line)
        log.file.close()
        text = printed.decode("utf-8", "replace")
        if child.exit_code:
            tail = "\n".join(text.strip().splitlines()[-12:])
            raise CannotStart(f"`{name}` failed; the whole text is in {log.path}\n{tail}")
        return text

    # --- the loop ----------------------------------------------------------------------------------------------------
    def turn(self, timeout_s: float, *, restart: bool = True) -> None:
        """Reads what the children said and looks after those that ended."""
        for key, _ in self.selector.select(timeout_s):
            self._read(key.data)
        for running in self.running:
            if running.child is not None and running.child.exit_code is not None:
                self._note_end(running, running.child.exit_code, restart=restart)
            if restart and running.restart_at is not None and time.monotonic() >= running.restart_at:
                self._spawn(running)

    def _read(self, running: Running) -> None:
        if running.pipe is None:
            return
        try:
            got = os.read(running.pipe, 65536)
        except BlockingIOError:
            return
        if not got:
            self._close_pipe(running)
            return
        *lines, running.rest = (running.rest + got).split(b"\n")
        for line in lines:
            self._line(running, line)

    def _line(self, running: Running, line: bytes) -> None:
        running.log.write(line)
        running.is_ready = running.is_ready or running.program.ready_words.encode() in line
        if not running.program.is_quiet and line.strip():
            self.say_line(running.program.name, running.colour, line)

    def _close_pipe(self, running: Running) -> None:
        if running.pipe is None:
            return
        self.selector.unregister(running.pipe)
        os.close(running.pipe)
        running.pipe = None
        if running.rest:
            self._line(running, running.rest)
            running.rest = b""

    def _note_end(self, running: Running, code: int, *, restart: bool) -> None:
        assert running.child is not None
        self._read(running)
        self._close_pipe(running)
        running.child.finish(time.monotonic())  # grandchildren go too, or they would hold the port
        running.child = None
        if self.is_stopping or not restart:
            return
        running.falls = 0 if time.monotonic() - running.began > STEADY_S else running.falls + 1
        wait_s = RESTART_S[min(running.falls, len(RESTART_S) - 1)] if running.falls else 0
        running.restart_at = time.monotonic() + wait_s
        self.say_line(
            running.program.name, "31", f"*** ended ({end_in_words(code)}); starting again in {wait_s} s ***".encode()
        )

    def run(self, *, until: Callable[[], bool] = lambda: False) -> None:
        while not self.is_stopping and not until():
            self.turn(0.5)

    # --- the end -----------------------------------------------------------------------------------------------------
    def stop(self, *, servers: int = 0) -> None:
        """Ends everything: first the programs, newest first, then the `servers` that were started before them.

        A second Ctrl-C skips the waiting.
        """
        patience = self.stop_signals + 1
        for group in (self.running[servers:], self.running[:servers]):
            living = [running.child for running in reversed(group) if running.child is not None]
            for child in living:
                child.ask_to_stop()
            deadline = time.monotonic() + max((child.program.grace_s for child in living), default=0)
            while any(child.exit_code is None for child in living) and time.monotonic() < deadline:
                if self.stop_signals > patience:
                    break
                for key, _ in self.selector.select(0.05):
                    self._read(key.data)
            for child in living:
                child.finish(time.monotonic())
        for running in self.running:
            self._close_pipe(running)
            running.log.file.close()
            running.child = None


def end_in_words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def python(*arguments: str) -> list[str]:
    """A command of this Python; `-u` so that lines arrive when they are written."""
    return [sys.executable, "-u", *arguments]


def is_answering(url: str) -> bool:
    """Whether a GET of `url` gives 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own http address)
            return answer.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False
