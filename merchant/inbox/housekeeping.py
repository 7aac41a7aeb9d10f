from datetime import timedelta

from merchant.inbox import services
from merchant.inbox.models import InboxTask
from merchant.jobs.services import beat
from merchant.policy.services import current
from merchant.shops.models import Shop


def purge_raw() -> int:
    """Delete raw messages past the longest keeping time any shop asks for (setting `keep_raw_days`, default 90)."""
    days = max((current(shop).keep_raw_days for shop in Shop.objects.all()), default=90)
    return services.purge(timedelta(days=days))


def report_worker() -> None:
    """The worker's sign of life, with the messages that wait for it."""
    beat("worker", InboxTask.objects.filter(is_parked=False).count())
