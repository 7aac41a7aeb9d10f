"""Gathers the models of the rooms' capabilities; import them from where they live."""

from logistics.claims.models import Claim
from logistics.couriers.models import CourierCall
from logistics.interception.models import Interception
from logistics.parcels.models import Package, PackageLine
from logistics.parcels.tracking_models import TrackingEvent
from logistics.watch.models import AccountHealth, Watch

__all__ = ["AccountHealth", "Claim", "CourierCall", "Interception", "Package", "PackageLine", "TrackingEvent", "Watch"]
