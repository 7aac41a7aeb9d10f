"""Ports of this machine."""

import socket
from collections.abc import Iterable

from merchant.launcher.folder import CannotStart


def free_port() -> int:
    """A port nobody listens on now, for a server of our own on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        # As servers do, so that connections of an earlier run that are still closing do not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def check_free(ports: Iterable[tuple[str, int, str]]) -> None:
    """Raises one sentence for the first of (what, port, how to choose another) that somebody else listens on."""
    for what, port, remedy in ports:
        if is_taken(port):
            raise CannotStart(
                f"Port {port} is taken by another program, so {what} cannot start there. Stop that program or choose "
                f"another port: {remedy}"
            )
