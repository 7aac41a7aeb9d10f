from django.urls import path

from merchant.shops import views

urlpatterns = [
    path("", views.settings_home, name="settings"),
    path("<int:shop_id>/accounts/", views.accounts, name="accounts"),
    path("<int:shop_id>/accounts/courier/add/", views.courier_account_edit, name="courier_account_add"),
    path("<int:shop_id>/accounts/courier/<int:pk>/", views.courier_account_edit, name="courier_account_edit"),
    path("<int:shop_id>/accounts/platform/add/", views.platform_account_edit, name="platform_account_add"),
    path("<int:shop_id>/accounts/platform/<int:pk>/", views.platform_account_edit, name="platform_account_edit"),
    path("<int:shop_id>/accounts/<str:kind>/<int:pk>/token/", views.push_token_renew, name="push_token_renew"),
]
