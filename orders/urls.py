from django.urls import include, path

urlpatterns = [
    path("imports/", include("orders.intake.urls")),
]
