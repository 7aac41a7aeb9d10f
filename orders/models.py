"""Gathers the models of the rooms' capabilities; import them from where they live."""

from orders.assignment.models import Assignment, AssignmentRule
from orders.buyers.models import Buyer
from orders.confirmation.models import Contact
from orders.intake.models import ImportFile, MissedOrder, OrderPayload, ShopLayout, SyncCursor
from orders.payments.models import OrderDiscount, Payment
from orders.pictures.models import GoodsPicture
from orders.record.listing_models import Listing
from orders.record.models import Block, Order, OrderLine, OrderTag, SourceDiff
from orders.remarks.models import Note
from orders.reservation.models import Shortage
from orders.review.models import Review, ReviewTally

__all__ = [
    "Assignment",
    "AssignmentRule",
    "Block",
    "Buyer",
    "Contact",
    "GoodsPicture",
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
    "Review",
    "ReviewTally",
    "ShopLayout",
    "Shortage",
    "SourceDiff",
    "SyncCursor",
]
