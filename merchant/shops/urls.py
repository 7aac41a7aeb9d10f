from django.urls import path

from merchant.shops import views

urlpatterns = [
    path("", views.settings_home, name="settings"),
    path("<int:shop_id>/accounts/<str:kind>/<int:pk>/token/", views.push_token_renew, name="push_token_renew"),
]
