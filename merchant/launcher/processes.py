"""The processes of the product: the same words here, in docker-compose.yml and in the test that runs them."""

from collections.abc import Sequence

from merchant.launcher.children import Program
from merchant.launcher.folder import PROJECT
from merchant.launcher.supervisor import python

# Four workers: what moves money never waits behind pushes, and pushes never behind imports; a courier that takes a call
# and says nothing holds the threads that stop parcels, and nobody else's.
COMMANDS: dict[str, Sequence[str]] = {
    "web": (
        "granian --interface rsgi --http 1 --no-ws --workers 2 --respawn-failed-workers --backlog 4096 "
        "--http1-header-read-timeout 10000 merchant.front:application"
    ).split(),
    "worker": (
        "celery -q -A merchant worker --without-mingle --without-gossip -P threads -c 8 -Q money -n urgent@%h "
        "--loglevel INFO"
    ).split(),
    "worker-intercept": (
        "celery -q -A merchant worker --without-mingle --without-gossip -P threads -c 16 -Q intercept -n intercept@%h "
        "--loglevel INFO"
    ).split(),
    "worker-push": (
        "celery -q -A merchant worker --without-mingle --without-gossip -P threads -c 4 -Q push -n push@%h "
        "--loglevel INFO"
    ).split(),
    "worker-background": (
        "celery -q -A merchant worker --without-mingle --without-gossip -P threads -c 8 "
        "-Q tracking,intake,bulk -n background@%h --loglevel INFO"
    ).split(),
    "poller": "python manage.py poller".split(),
    # The schedule is in the settings and holds no state worth a file.
    "beat": "celery -q -A merchant beat --scheduler merchant.beat:Scheduler --loglevel WARNING".split(),
}


def program(name: str, environment: dict[str, str]) -> Program:
    """A process of the product, run by the Python that runs us."""
    ready = " ready." if "worker" in name else ""
    return Program(name, with_this_python(COMMANDS[name]), environment, folder=PROJECT, ready_words=ready)


def with_this_python(command: Sequence[str]) -> list[str]:
    """`celery …` as `<this python> -m celery …`, so that no PATH decides which packages are used."""
    first, *rest = command
    return python(*rest) if first == "python" else python("-m", first, *rest)
