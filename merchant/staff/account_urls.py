from django.urls import path

from merchant.staff import account_views as views

urlpatterns = [
    path("invitation/<str:uidb64>/<str:token>/", views.invitation, name="invitation"),
    path("first/", views.first_account, name="first_account"),
]
