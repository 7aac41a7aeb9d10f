"""News from rooms below: each wakes the task that finds its work by reading rows."""

from typing import Any

from django.dispatch import receiver

from logistics.interception.models import Interception
from logistics.interception.signals import interception_changed
from merchant.wakeups import wake_now


@receiver(interception_changed, dispatch_uid="aftersales.interception_changed")
def on_interception_changed(sender: Any, *, interception: Interception, **_: Any) -> None:
    # Asked for and taken is not yet news for a case.
    if not interception.is_open or interception.is_unknown:
        wake_now("aftersales.follow_interception", interception_id=interception.pk)
