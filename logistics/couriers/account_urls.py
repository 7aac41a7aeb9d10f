from django.urls import path

from logistics.couriers.account_views import CourierAccountPages, accounts

urlpatterns = [path("<int:shop_id>/accounts/", accounts, name="accounts"), *CourierAccountPages().urls()]
