from django.urls import path

from logistics.shipping import views

urlpatterns = [
    path("<int:shop_id>/<ref:courier>/<ref:waybill>/", views.parcel_detail, name="parcel_detail"),
    path("<int:shop_id>/<ref:courier>/<ref:waybill>/refresh/", views.parcel_refresh, name="parcel_refresh"),
    path("<int:shop_id>/<ref:courier>/<ref:waybill>/print/", views.parcel_print, name="parcel_print"),
]
