"""Servers for a test run: the environment's, else our own in `.data/test`, stopped when the run ends."""

import atexit
import os
import sys

from merchant.launcher.folder import CannotStart, DataFolder
from merchant.launcher.servers import start_servers
from merchant.launcher.supervisor import Supervisor


def prepare_servers(*, part: str = "test", durable: bool = False) -> None:
    """Puts DATABASE_URL and REDIS_URL that answer into the environment, where parallel test processes find them too.

    For tests speed goes before safety: a test database that a power cut loses is made again. Figures are taken with
    `durable=True`, on a server that commits as a shop's does.
    """
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    folder = free_folder(part)
    supervisor = Supervisor(folder, out=sys.stderr)
    try:
        servers = start_servers(folder, supervisor, database="huicang", durable=durable)
    except CannotStart as error:
        supervisor.stop()
        raise SystemExit(f"The tests cannot start: {error}") from None
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:  # not in a process forked by a test
            supervisor.stop(servers=len(servers.started))
            folder.unlock()

    atexit.register(stop)
    os.environ.update(servers.addresses)
    print("Tests run on " + " and ".join(servers.words) + ".", file=sys.stderr)


def free_folder(part: str) -> DataFolder:
    """`.data/test`, or `.data/test-2` and so on while another run has the first."""
    names = [part, *(f"{part}-{number}" for number in range(2, 10))]
    folders = [DataFolder.default(name) for name in names]
    return next((folder for folder in folders if not folder.is_locked()), folders[0])
