from django.urls import path

from aftersales.products import views

urlpatterns = [
    path("<int:shop_id>/<int:pk>/", views.product_detail, name="product_detail"),
]
