from django.urls import include, path

urlpatterns = [
    path("review/", include("orders.review.urls")),
    path("assignment/", include("orders.assignment.urls")),
    path("confirmation/", include("orders.confirmation.urls")),
    path("imports/", include("orders.intake.urls")),
    path("stock/", include("orders.listings.urls")),
]
