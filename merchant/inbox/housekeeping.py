from datetime import timedelta

from merchant.api import idempotency
from merchant.inbox import retention, services
from merchant.inbox.models import InboxTask
from merchant.jobs.services import beat
from merchant.policy.models import Policy
from merchant.policy.services import current
from merchant.shops.models import Shop


def purge_raw() -> int:
    """Past their shop's keeping time (P-KEEP-RAW) raw messages are deleted and the words of calls emptied; messages of
    no shop go past the default one. What the API answered under an idempotency key goes after a day. Returns how many
    rows."""
    total = 0
    for shop in (*Shop.objects.order_by("pk"), None):
        days = (current(shop) if shop else Policy()).keep_raw_days
        total += services.purge(timedelta(days=days), shop=shop)
        if shop is not None:
            total += retention.purge(timedelta(days=days), shop=shop)
    return total + idempotency.purge()


def report_worker(name: str = "worker-background") -> None:
    """A worker's sign of life; with the messages that wait, where it is the one that reads them."""
    waiting = InboxTask.objects.filter(is_parked=False).count() if name == "worker-background" else 0
    beat(name, waiting)
