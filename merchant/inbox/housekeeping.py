from datetime import timedelta

from merchant.inbox import retention, services
from merchant.inbox.models import InboxTask
from merchant.jobs.services import beat
from merchant.policy.models import Policy
from merchant.policy.services import current
from merchant.shops.models import Shop


def purge_raw() -> int:
    """Past their shop's keeping time (P-KEEP-RAW) raw messages are deleted and the words of calls emptied; messages of
    no shop go past the default one. Returns how many rows."""
    total = 0
    for shop in (*Shop.objects.order_by("pk"), None):
        days = (current(shop) if shop else Policy()).keep_raw_days
        total += services.purge(timedelta(days=days), shop=shop)
        if shop is not None:
            total += retention.purge(timedelta(days=days), shop=shop)
    return total


def report_worker() -> None:
    """The worker's sign of life, with the messages that wait for it."""
    beat("worker", InboxTask.objects.filter(is_parked=False).count())
