from django.urls import include, path

urlpatterns = [
    path("push/courier/", include("logistics.couriers.urls")),
    path("parcels/", include("logistics.shipping.urls")),
    path("claims/", include("logistics.claims.urls")),
]
