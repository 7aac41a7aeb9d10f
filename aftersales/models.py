"""The tables of this room, gathered for Django."""

from aftersales.cases.models import Case, CaseLine
from aftersales.refunds.models import Refund, RefundCall, RefundLine

__all__ = ["Case", "CaseLine", "Refund", "RefundCall", "RefundLine"]
