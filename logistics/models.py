"""Gathers the models of the rooms' capabilities; import them from where they live."""

from logistics.claims.models import Claim
from logistics.interception.models import CourierCall, Interception
from logistics.parcels.models import Package, PackageLine
from logistics.tracking.models import TrackingEvent
from logistics.watch.models import AccountPulse, Watch

__all__ = ["AccountPulse", "Claim", "CourierCall", "Interception", "Package", "PackageLine", "TrackingEvent", "Watch"]
