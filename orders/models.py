"""Gathers the models of the rooms' capabilities; import them from where they live."""

from orders.buyers.models import Buyer
from orders.intake.models import ImportFile, MissedOrder, OrderPayload, ShopLayout, SyncCursor
from orders.payments.models import OrderDiscount, Payment
from orders.record.listing_models import Listing
from orders.record.models import Block, Order, OrderLine, OrderTag, SourceDiff
from orders.remarks.models import Note
from orders.reservation.models import Shortage

__all__ = [
    "Block",
    "Buyer",
    "ImportFile",
    "Listing",
    "MissedOrder",
    "Note",
    "Order",
    "OrderDiscount",
    "OrderLine",
    "OrderPayload",
    "OrderTag",
    "Payment",
    "ShopLayout",
    "Shortage",
    "SourceDiff",
    "SyncCursor",
]
