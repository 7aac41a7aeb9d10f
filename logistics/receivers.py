"""What this room does when rooms below tell something; wired in `apps.py: ready()`."""

from typing import Any

from logistics import tasks
from logistics.interception import signals
from logistics.interception.models import CourierCall
from logistics.shipping.intake import register_imported
from logistics.tracking.services import take_push
from merchant.inbox import registry as inbox
from merchant.inbox.retention import retain_as_long_as_messages
from orders.intake.hooks import register_after_orders

register_after_orders("logistics.parcels", register_imported)
retain_as_long_as_messages(CourierCall, "answer", at="started_at")
inbox.register("courier", take_push)


def _settle_claims(sender: Any, **kwargs: Any) -> None:
    tasks.settle_claims.delay(interception_id=kwargs["interception"].pk)


for _fact in (signals.interception_delivered_anyway, signals.interception_lost, signals.interception_returned):
    _fact.connect(_settle_claims, dispatch_uid="logistics.settle_claims")
