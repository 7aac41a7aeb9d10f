"""Gathers the models of the rooms' capabilities; import them from where they live."""

from logistics.claims.models import Claim
from logistics.couriers.models import CourierCall
from logistics.fulfilment.models import Consignment, ConsignmentLine, Wave
from logistics.fulfilment.rule_models import CourierRate, CourierRule, CourierSpeed, GiftRule, PackingMaterial
from logistics.interception.models import Interception
from logistics.parcels.models import Package, PackageLine
from logistics.parcels.tracking_models import TrackingEvent
from logistics.watch.models import AccountHealth, Watch

__all__ = [
    "AccountHealth",
    "Claim",
    "Consignment",
    "ConsignmentLine",
    "CourierCall",
    "CourierRate",
    "CourierRule",
    "CourierSpeed",
    "GiftRule",
    "Interception",
    "Package",
    "PackageLine",
    "PackingMaterial",
    "TrackingEvent",
    "Watch",
    "Wave",
]
