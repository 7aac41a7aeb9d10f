from django.contrib.auth import views as auth
from django.urls import path

from merchant.people import views

urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("preferences/", views.preferences, name="preferences"),
    path("password/", views.password_change, name="password_change"),
]
