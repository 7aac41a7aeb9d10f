from django.urls import path

from merchant.second_factor import views

urlpatterns = [
    path("second-step/", views.second_factor, name="second_factor"),
    path("second-step/ask/", views.second_factor_ask, name="second_factor_ask"),
    path("second-step/begin/", views.second_factor_begin, name="second_factor_begin"),
    path("second-step/confirm/", views.second_factor_confirm, name="second_factor_confirm"),
    path("second-step/codes/", views.second_factor_codes, name="second_factor_codes"),
    path("second-step/off/", views.second_factor_off, name="second_factor_off"),
]
