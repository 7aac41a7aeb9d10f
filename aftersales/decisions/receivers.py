"""News from rooms below: each wakes the task that finds its work by reading rows."""

from typing import Any

from django.dispatch import receiver

from aftersales.decisions.telling import tell_result
from aftersales.refunds.enums import Source
from aftersales.refunds.models import Refund
from aftersales.refunds.signals import refund_paid
from logistics.interception.models import Interception
from logistics.interception.signals import interception_changed
from merchant.wakeups import wake_now


@receiver(interception_changed, dispatch_uid="aftersales.interception_changed")
def on_interception_changed(sender: Any, *, interception: Interception, **_: Any) -> None:
    # Asked for and taken is not yet news for a case.
    if not interception.is_open or interception.is_unknown:
        wake_now("aftersales.follow_interception", interception_id=interception.pk)


@receiver(refund_paid, dispatch_uid="aftersales.tell_stopped_paid")
def on_refund_paid(sender: Any, *, refund: Refund, **_: Any) -> None:
    case = refund.case
    if refund.source == Source.INTERCEPTION and case is not None and case.interception is not None:
        tell_result("stopped_paid", case, case.interception)
