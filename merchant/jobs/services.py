from typing import Any

from merchant.clock import now
from merchant.jobs.models import ProcessBeat


def beat(name: str, backlog: int = 0, **detail: Any) -> None:
    """Say that a process lives and how much waits for it."""
    ProcessBeat.objects.update_or_create(
        name=name, defaults={"last_ok_at": now(), "backlog": backlog, "detail": detail}
    )
