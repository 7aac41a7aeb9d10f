from datetime import timedelta

from merchant.inbox import services
from merchant.inbox.models import InboxTask
from merchant.jobs.services import beat
from merchant.policy.schema import ShopPolicy
from merchant.policy.services import current
from merchant.shops.models import Shop


def purge_raw() -> int:
    """Delete raw messages past their shop's keeping time (P-KEEP-RAW); those of no shop past the default one."""
    total = 0
    for shop in (*Shop.objects.order_by("pk"), None):
        days = (current(shop) if shop else ShopPolicy()).keep_raw_days
        total += services.purge(timedelta(days=days), shop=shop)
    return total


def report_worker() -> None:
    """The worker's sign of life, with the messages that wait for it."""
    beat("worker", InboxTask.objects.filter(is_parked=False).count())
