from typing import Any

from django.dispatch import receiver

from logistics.interception import services
from logistics.tracking.signals import tracks_changed


@receiver(tracks_changed, dispatch_uid="logistics.weigh_packages")
def on_tracks_changed(sender: Any, *, package_ids: list[int], **_: Any) -> None:
    services.weigh_packages(package_ids)
