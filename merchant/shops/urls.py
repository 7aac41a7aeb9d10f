from django.urls import path

from merchant.shops import token_views, views

urlpatterns = [
    path("", views.settings_home, name="settings"),
    path("<int:shop_id>/accounts/<str:kind>/<int:pk>/token/", views.push_token_renew, name="push_token_renew"),
    path("<int:shop_id>/tokens/", token_views.api_tokens, name="api_tokens"),
    path("<int:shop_id>/tokens/<int:pk>/revoke/", token_views.api_token_revoke, name="api_token_revoke"),
]
