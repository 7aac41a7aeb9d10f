"""The tables of this room, gathered for Django."""

from aftersales.cases.models import Case, CaseLine
from aftersales.refunds.models import Refund, RefundCall, RefundLine, RefundWish
from aftersales.returns.models import Inspection, InspectionLine, ReturnParcel
from aftersales.statements.models import Difference, StatementFile, StatementRow

__all__ = [
    "Case",
    "CaseLine",
    "Difference",
    "Inspection",
    "InspectionLine",
    "Refund",
    "RefundCall",
    "RefundLine",
    "RefundWish",
    "ReturnParcel",
    "StatementFile",
    "StatementRow",
]
