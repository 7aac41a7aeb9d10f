from django.urls import path

from merchant.stock import views

urlpatterns = [
    path("", views.stock_list, name="stock"),
    path("<int:shop_id>/<int:pk>/", views.sku_detail, name="sku_detail"),
    path("<int:shop_id>/<int:pk>/<slug:verb>/", views.sku_verb, name="sku_verb"),
]
