"""Fills the demo's shop through the command `seed_demo`, which an upper room provides (nothing here imports upward)."""

import psycopg2

from merchant.launcher.folder import CannotStart
from merchant.launcher.supervisor import Supervisor, python

COMMAND = "seed_demo"
OUTSIDE = "outside"


def seed(supervisor: Supervisor, environment: dict[str, str]) -> str:
    """Returns what the command printed: the accounts to sign in with. Running it again adds nothing."""
    supervisor.say("  preparing the demo shop …")
    return supervisor.run_once(COMMAND, python("manage.py", COMMAND), environment)


def begin_empty(supervisor: Supervisor, environment: dict[str, str]) -> str:
    """Only the outside world has something: orders and refund requests at the platform, parcels at the couriers.
    Returns how the first account is made."""
    supervisor.say("  preparing the world outside …")
    supervisor.run_once(OUTSIDE, python("manage.py", COMMAND, "--outside-only"), environment)
    address = supervisor.run_once("setup_code", python("manage.py", "setup_code"), environment)
    return f"Nothing is set up. Make the first account here:\n{address.strip().splitlines()[-1]}"


def claim_database(address: str) -> None:
    """Marks an empty database as the demo's; raises CannotStart for one that others filled.

    The demo's workers talk to stand-ins: on a shop's own database they would book real refunds as paid.
    """
    connection = psycopg2.connect(address)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('public.huicang_demo'), to_regclass('public.django_migrations')")
            mark, tables = cursor.fetchone() or (None, None)
            if tables and not mark:
                raise CannotStart(
                    "The database in DATABASE_URL was not made by the demo, and the demo would play with its refunds. "
                    "Name an empty database, or unset DATABASE_URL to let the demo use its own."
                )
            cursor.execute("CREATE TABLE IF NOT EXISTS huicang_demo (made_at timestamptz NOT NULL DEFAULT now())")
    finally:
        connection.close()
