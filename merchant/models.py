"""Gathers the models of every capability, so that Django finds them."""

from merchant.api.models import ApiToken, IdempotentAnswer
from merchant.attachments.models import Attachment
from merchant.catalog.models import BundlePart, Sku, SkuBarcode
from merchant.errands.models import Errand
from merchant.inbox.models import InboxMessage, InboxTask
from merchant.jobs.models import Job, JobRow, ProcessBeat
from merchant.ledger.models import LedgerEntry
from merchant.notices.models import Notice
from merchant.people.models import Membership, Role, Team, User
from merchant.policy.models import Policy
from merchant.retention.models import Purged
from merchant.second_factor.models import SecondFactor
from merchant.shops.models import Agreement, CourierAccount, PlatformAccount, Shop
from merchant.stock.models import Bin, Stock, StockMove, StockReservation, Warehouse
from merchant.stock.paper_models import Purchase, PurchaseLine, Stocktake, StocktakeLine, Transfer, TransferLine
from merchant.trail.models import Activity
from merchant.vault.models import PiiCounted, PiiQuotaDay, PiiReveal, PiiSearch, QuotaRequest, Recipient

__all__ = [
    "Activity",
    "Agreement",
    "ApiToken",
    "Attachment",
    "Bin",
    "BundlePart",
    "CourierAccount",
    "Errand",
    "IdempotentAnswer",
    "InboxMessage",
    "InboxTask",
    "Job",
    "JobRow",
    "LedgerEntry",
    "Membership",
    "Notice",
    "PiiCounted",
    "PiiQuotaDay",
    "PiiReveal",
    "PiiSearch",
    "PlatformAccount",
    "Policy",
    "ProcessBeat",
    "Purchase",
    "PurchaseLine",
    "Purged",
    "QuotaRequest",
    "Recipient",
    "Role",
    "SecondFactor",
    "Shop",
    "Sku",
    "SkuBarcode",
    "Stock",
    "StockMove",
    "StockReservation",
    "Stocktake",
    "StocktakeLine",
    "Team",
    "Transfer",
    "TransferLine",
    "User",
    "Warehouse",
]
