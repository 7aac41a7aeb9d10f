from django.urls import path

from orders.listings import views

urlpatterns = [
    path("listings/", views.listings, name="listings"),
    path("listings/<int:shop_id>/match/", views.listings_match_by_code, name="listings_match_by_code"),
    path("listings/<int:shop_id>/<int:pk>/match/", views.listing_match, name="listing_match"),
    path("shortages/", views.shortages, name="shortages"),
    path("replenish/", views.replenish, name="replenish"),
    path("files/<int:shop_id>/", views.goods_file_new, name="goods_file_new"),
    path("files/<int:shop_id>/stock.csv", views.goods_export, name="goods_export"),
    path("files/<ref:number>/", views.goods_file, name="goods_file"),
]
