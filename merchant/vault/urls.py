from django.urls import path

from merchant.vault import views

urlpatterns = [
    path("", views.quota, name="quota"),
    path("ask/<int:shop_id>/", views.quota_ask, name="quota_ask"),
    path("<int:pk>/<slug:verb>/", views.quota_verb, name="quota_verb"),
]
