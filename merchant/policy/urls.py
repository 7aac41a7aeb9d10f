from django.urls import path

from merchant.policy import agreement_page, rules_page, views

urlpatterns = [
    path("settings/<int:shop_id>/agreement/", agreement_page.agreement, name="agreement"),
    path("settings/<int:shop_id>/agreement/sign/", agreement_page.agreement_sign, name="agreement_sign"),
    path("settings/<int:shop_id>/agreement/<int:pk>/revoke/", agreement_page.agreement_revoke, name="agreement_revoke"),
    path("settings/<int:shop_id>/policy/", views.policy_page, name="policy"),
    path("rules/", rules_page.rules, name="rules"),
]
