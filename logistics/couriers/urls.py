from django.urls import path

from logistics.couriers import views

urlpatterns = [path("<str:push_token>/", views.courier_push, name="courier_push")]
