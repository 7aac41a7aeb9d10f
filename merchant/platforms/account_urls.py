from django.urls import path

from merchant.platforms import account_views as views

urlpatterns = [
    path("<int:shop_id>/accounts/platform/add/", views.platform_account_add, name="platform_account_add"),
    path("<int:shop_id>/accounts/platform/<int:pk>/", views.platform_account_edit, name="platform_account_edit"),
    path("<int:shop_id>/accounts/platform/<int:pk>/connection/", views.platform_connection, name="platform_connection"),
    path(
        "<int:shop_id>/accounts/platform/<int:pk>/connection/test/",
        views.platform_connection_test,
        name="platform_connection_test",
    ),
]
