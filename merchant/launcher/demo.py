"""The demo: servers, the product's processes and the sandboxes of courier and platform, with a shop to try it on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from merchant.launcher.children import Program
from merchant.launcher.folder import PROJECT, CannotStart, DataFolder
from merchant.launcher.network import check_free, is_taken
from merchant.launcher.processes import COMMANDS, program
from merchant.launcher.seed import begin_empty, claim_database, seed
from merchant.launcher.servers import Servers, start_servers
from merchant.launcher.supervisor import Supervisor, is_answering, python

READY_TIMEOUT_S = 180


@dataclass(frozen=True)
class Ports:
    web: int = 8000
    courier: int = 8801
    platform: int = 8802


class Demo:
    """`is_empty`: the same servers and outside world, with nobody and nothing in the product yet."""

    def __init__(self, folder: DataFolder, ports: Ports, *, is_empty: bool = False):
        self.folder = folder
        self.ports = ports
        self.is_empty = is_empty
        self.supervisor = Supervisor(folder)
        self.servers = Servers({})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.web}/"

    def environment(self) -> dict[str, str]:
        """What makes a process part of the demo; HUICANG_DEMO is set nowhere else."""
        courier = f"http://127.0.0.1:{self.ports.courier}"
        platform = f"http://127.0.0.1:{self.ports.platform}"
        return {
            **self.servers.addresses,
            "HUICANG_DEMO": "1",
            "HUICANG_SITE_URL": self.url.rstrip("/"),
            "HUICANG_COURIER_SANDBOX": courier,
            "HUICANG_PLATFORM_SANDBOX": platform,
            "GRANIAN_HOST": "127.0.0.1",
            "GRANIAN_PORT": str(self.ports.web),
            "PYTHONUNBUFFERED": "1",
            # Files are served from where they lie, and a demo may well run as root.
            "PYTHONWARNINGS": "ignore:No directory at,ignore:You're running the worker with superuser",
        }

    def run(self) -> None:
        """Until Ctrl-C. Raises CannotStart with a sentence; ends everything it started either way."""
        supervisor = self.supervisor
        supervisor.watch_signals()
        try:
            self._bring_up()
            supervisor.run()
            supervisor.say("\nStopping …")
        finally:
            supervisor.stop(servers=len(self.servers.started))
            self.folder.addresses.unlink(missing_ok=True)
            self.folder.unlock()
        supervisor.say("Everything has stopped.")

    def _bring_up(self) -> None:
        supervisor = self.supervisor
        supervisor.say("Huicang 回仓 · demo")
        self.servers = start_servers(self.folder, supervisor, database="huicang")
        claim_database(self.servers.addresses["DATABASE_URL"])
        # After the leftovers of an earlier start are gone: they would hold these ports.
        check_free(
            [
                ("the web page", self.ports.web, "make demo PORT=8100"),
                ("the courier sandbox", self.ports.courier, "manage.py demo --courier-port 8811"),
                ("the platform sandbox", self.ports.platform, "manage.py demo --platform-port 8812"),
            ]
        )
        for words in self.servers.words:
            supervisor.say(f"  {words}")
        environment = self.environment()
        supervisor.run_once("messages", python("manage.py", "messages", "--compile"), environment)
        supervisor.say("  bringing the tables up to date …")
        supervisor.run_once("migrate", python("manage.py", "migrate", "--no-input"), environment)
        # Before the seed: demo parcels and refund cases are made known to the sandboxes over their own doors.
        for sandbox in self._sandboxes(environment):
            supervisor.start(sandbox)
        self._wait_for_ports()
        accounts = begin_empty(supervisor, environment) if self.is_empty else seed(supervisor, environment)
        for name in COMMANDS:
            supervisor.start(program(name, environment))
        self._wait_for_page()
        self._wait(lambda: all(running.is_ready for running in supervisor.running), "the workers are not ready")
        self._greet(accounts)

    def _sandboxes(self, environment: dict[str, str]) -> list[Program]:
        state = self.folder.make(self.folder.path / "sandboxes")
        return [
            Program(
                f"{kind}-sandbox",
                python("manage.py", f"{kind}_sandbox", "--port", str(port), "--state", str(state / f"{kind}.json")),
                environment,
                folder=PROJECT,
                is_quiet=True,  # the outside world's troubles belong in its own log
            )
            for kind, port in (("courier", self.ports.courier), ("platform", self.ports.platform))
        ]

    def _wait_for_ports(self) -> None:
        for port in (self.ports.courier, self.ports.platform):
            self._wait(partial(is_taken, port), f"nothing listens on port {port}")

    def _wait_for_page(self) -> None:
        self._wait(lambda: is_answering(f"{self.url}health/"), f"{self.url} does not answer")

    def _wait(self, is_true: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not is_true():
            if self.supervisor.is_stopping:
                raise CannotStart("Stopped before the start was complete.")
            if time.monotonic() > deadline:
                raise CannotStart(f"After {READY_TIMEOUT_S} s {otherwise}; the logs are in {self.folder.logs}.")
            self.supervisor.turn(0.2)

    def _greet(self, accounts: str) -> None:
        rule = "─" * 72
        lines = [rule, f"  Open {self.url}", ""]
        lines += [f"  {line}" for line in accounts.strip().splitlines()]
        lines += [
            "",
            f"  The courier's side:  http://127.0.0.1:{self.ports.courier}/",
            f"  The platform's side: http://127.0.0.1:{self.ports.platform}/",
            f"  Logs: {self.folder.logs}   Ctrl-C ends everything.",
            rule,
        ]
        self.supervisor.say("\n".join(lines))
