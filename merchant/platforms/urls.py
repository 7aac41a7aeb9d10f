from django.urls import path

from merchant.platforms import views

urlpatterns = [path("<str:push_token>/", views.push_platform, name="push_platform")]
