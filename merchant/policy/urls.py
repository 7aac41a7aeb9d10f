from django.urls import path

from merchant.policy import rules_page, views

urlpatterns = [
    path("settings/<int:shop_id>/policy/", views.policy_page, name="policy"),
    path("rules/", rules_page.rules, name="rules"),
]
