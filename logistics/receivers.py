"""What this room does when rooms below tell something; wired in `apps.py: ready()`."""

from typing import Any

from django.dispatch import receiver

from logistics.claims.sweeps import HEARD_STATES
from logistics.couriers.models import CourierCall
from logistics.fulfilment import receivers as fulfilment_receivers  # noqa: F401 - connects them
from logistics.interception import receivers as interception_receivers  # noqa: F401 - connects them
from logistics.interception.models import Interception
from logistics.interception.signals import interception_changed
from logistics.shipping.intake import register_imported
from logistics.tracking import coming_back
from logistics.tracking.services import handle_push
from merchant.inbox import registry as inbox
from merchant.inbox.retention import retain_as_long_as_messages
from merchant.wakeups import wake_now
from orders.intake.hooks import register_after_orders

register_after_orders("logistics.parcels", register_imported)
coming_back.register()
retain_as_long_as_messages(CourierCall, "answer", at="started_at")
inbox.register("courier", handle_push)


@receiver(interception_changed, dispatch_uid="logistics.settle_claims")
def on_interception_changed(sender: Any, *, interception: Interception, **_: Any) -> None:
    if interception.state in HEARD_STATES:
        wake_now("logistics.settle_claims", interception_id=interception.pk)
