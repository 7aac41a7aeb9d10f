from django.urls import path

from logistics.shipping import views

urlpatterns = [
    path("<int:shop_id>/<str:courier>/<str:waybill>/", views.parcel_detail, name="parcel_detail"),
    path("<int:shop_id>/<str:courier>/<str:waybill>/refresh/", views.parcel_refresh, name="parcel_refresh"),
]
