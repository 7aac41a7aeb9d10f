from django.urls import path

from logistics.couriers import account_views as views

urlpatterns = [
    path("<int:shop_id>/accounts/", views.accounts, name="accounts"),
    path("<int:shop_id>/accounts/courier/add/", views.courier_account_add, name="courier_account_add"),
    path("<int:shop_id>/accounts/courier/<int:pk>/", views.courier_account_edit, name="courier_account_edit"),
    path("<int:shop_id>/accounts/courier/<int:pk>/connection/", views.courier_connection, name="courier_connection"),
    path(
        "<int:shop_id>/accounts/courier/<int:pk>/connection/test/",
        views.courier_connection_test,
        name="courier_connection_test",
    ),
]
