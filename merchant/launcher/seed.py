"""Fills the demo's shop through the command `seed_demo`, which an upper room provides (nothing here imports upward)."""

from merchant.launcher.supervisor import Supervisor, python

COMMAND = "seed_demo"


def seed(supervisor: Supervisor, environment: dict[str, str]) -> str:
    """Returns what the command printed: the accounts to sign in with. Running it again adds nothing."""
    supervisor.say("  preparing the demo shop …")
    return supervisor.run_once(COMMAND, python("manage.py", COMMAND), environment)
