"""Facts from the road below: each wakes the sweep that finds its work by reading rows."""

from typing import Any

from django.dispatch import receiver

from aftersales import tasks
from logistics.interception import signals


@receiver(signals.interception_succeeded, dispatch_uid="aftersales.interception_succeeded")
def on_interception_succeeded(sender: Any, **kwargs: Any) -> None:
    tasks.refund_stopped_parcels.delay(interception_id=kwargs["interception"].pk)


@receiver(signals.interception_returned, dispatch_uid="aftersales.interception_returned")
def on_interception_returned(sender: Any, **kwargs: Any) -> None:
    tasks.refund_stopped_parcels.delay(interception_id=kwargs["interception"].pk)


@receiver(signals.interception_lost, dispatch_uid="aftersales.interception_lost")
def on_interception_lost(sender: Any, **kwargs: Any) -> None:
    tasks.refund_stopped_parcels.delay(interception_id=kwargs["interception"].pk)


@receiver(signals.interception_failed, dispatch_uid="aftersales.interception_failed")
def on_interception_failed(sender: Any, **kwargs: Any) -> None:
    tasks.hand_back_failed_cases.delay(interception_id=kwargs["interception"].pk)


@receiver(signals.interception_unknown, dispatch_uid="aftersales.interception_unknown")
def on_interception_unknown(sender: Any, **kwargs: Any) -> None:
    tasks.hand_back_unknown_cases.delay(interception_id=kwargs["interception"].pk)


@receiver(signals.interception_withdrawn, dispatch_uid="aftersales.interception_withdrawn")
def on_interception_withdrawn(sender: Any, **kwargs: Any) -> None:
    tasks.hand_back_withdrawn_cases.delay(interception_id=kwargs["interception"].pk)


@receiver(signals.interception_delivered_anyway, dispatch_uid="aftersales.interception_delivered_anyway")
def on_interception_delivered_anyway(sender: Any, **kwargs: Any) -> None:
    tasks.raise_delivered_anyway.delay(interception_id=kwargs["interception"].pk)
