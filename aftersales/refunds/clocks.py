"""When a refund's next step is due: to send, to ask, to give up waiting for funds."""

from datetime import datetime, time, timedelta

from merchant.clock import SHANGHAI, now, scaled
from merchant.policy import services as policies
from merchant.policy.models import Policy

# T-REFUND-POLL: each minute for five minutes, then 5, 10, 20 and 30 minutes apart.
POLL_MINUTES = (1, 1, 1, 1, 1, 5, 10, 20, 30)
# Held back this much before the platform would decide by itself (T-REFUND-WINDOW).
WINDOW_MARGIN = timedelta(minutes=30)


def poll_after(rules: Policy, asked: int) -> timedelta:
    """How long to wait before asking the channel again, after `asked` questions; T-REFUND-POLL is the unit."""
    return policies.timer(rules, "T-REFUND-POLL") * POLL_MINUTES[min(asked, len(POLL_MINUTES) - 1)]


def gap_between_refunds() -> timedelta:
    """Channels take one refund of a payment a minute."""
    return scaled(timedelta(minutes=1))


def send_at(rules: Policy, *, at: datetime | None = None, deadline: datetime | None = None) -> datetime:
    """When an automatic refund may go out: now, or inside the shop's window `HH:MM-HH:MM` (Shanghai).

    Outside the window it waits for the next opening, but never past 30 minutes before the case's deadline."""
    at = at or now()
    if not rules.refund_window:
        return at
    opens, closes = (time.fromisoformat(part) for part in rules.refund_window.split("-"))
    here = at.astimezone(SHANGHAI)
    if opens <= here.time() < closes:
        return at
    day = here.date() if here.time() < opens else here.date() + timedelta(days=1)
    wait = datetime.combine(day, opens, SHANGHAI).astimezone(at.tzinfo)
    if deadline is not None:
        wait = min(wait, deadline - WINDOW_MARGIN)
    return max(at, wait)
