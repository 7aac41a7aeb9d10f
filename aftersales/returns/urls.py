from django.urls import path

from aftersales.returns import views
from aftersales.returns.inspection_page import inspection_detail

urlpatterns = [
    path("warehouse/", views.warehouse, name="warehouse"),
    path("warehouse/scan/", views.warehouse_scan, name="warehouse_scan"),
    path("warehouse/keep/", views.warehouse_keep, name="warehouse_keep"),
    path("warehouse/inspect/<int:shop_id>/<ref:number>/", inspection_detail, name="inspection_detail"),
    path("warehouse/parcels/<int:shop_id>/<ref:number>/", views.return_parcel, name="return_parcel"),
    path("warehouse/parcels/<int:shop_id>/<ref:number>/match/", views.return_match, name="return_match"),
    path("claims/damage/", views.damage_rate, name="damage_rate"),
]
