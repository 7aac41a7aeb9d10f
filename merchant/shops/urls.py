from django.urls import path

from merchant.policy import views as policy
from merchant.shops import views

urlpatterns = [
    path("", views.settings_home, name="settings"),
    path("<int:shop_id>/agreement/", views.agreement, name="agreement"),
    path("<int:shop_id>/agreement/sign/", views.agreement_sign, name="agreement_sign"),
    path("<int:shop_id>/agreement/<int:pk>/revoke/", views.agreement_revoke, name="agreement_revoke"),
    path("<int:shop_id>/accounts/<str:kind>/<int:pk>/token/", views.push_token_renew, name="push_token_renew"),
    path("<int:shop_id>/policy/", policy.policy_page, name="policy"),
]
