from django.urls import path

from merchant.platforms import views

urlpatterns = [path("<str:push_token>/", views.platform_push, name="platform_push")]
