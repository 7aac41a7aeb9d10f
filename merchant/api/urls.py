"""`/api/v1/`: each capability's api.py lists its own addresses. They are gathered by name, since imports go down."""

from django.urls import include, path, re_path

from merchant.api.views import api_document, api_reference, unknown

CAPABILITIES = (
    "merchant.shops.api",
    "merchant.errands.api",
    "merchant.notices.api",
    "merchant.stock.api",
    "orders.listings.api",
    "orders.record.api",
    "orders.remarks.api",
    "orders.review.api",
    "orders.assignment.api",
    "orders.confirmation.api",
    "orders.intake.api",
    "orders.editing.api",
    "orders.buyers.api",
    "logistics.tracking.api",
    "logistics.interception.api",
    "logistics.claims.api",
    "aftersales.refunds.api",
    "aftersales.decisions.api",
    "aftersales.team.api",
    "aftersales.returns.api",
    "aftersales.paying.api",
    "aftersales.statements.api",
)

urlpatterns = [
    path("", api_reference, name="api_reference"),
    path("openapi.yaml", api_document, name="api_document"),
    *(path("", include(name)) for name in CAPABILITIES),
    re_path(r"^(?P<rest>.+)$", unknown, name="api_unknown"),
]
