from django.urls import path

from merchant.policy import views as policy
from merchant.shops import token_views, views

urlpatterns = [
    path("", views.settings_home, name="settings"),
    path("<int:shop_id>/agreement/", views.agreement, name="agreement"),
    path("<int:shop_id>/agreement/sign/", views.agreement_sign, name="agreement_sign"),
    path("<int:shop_id>/agreement/<int:pk>/revoke/", views.agreement_revoke, name="agreement_revoke"),
    path("<int:shop_id>/accounts/", views.accounts, name="accounts"),
    path("<int:shop_id>/accounts/courier/add/", views.courier_account_edit, name="courier_account_add"),
    path("<int:shop_id>/accounts/courier/<int:pk>/", views.courier_account_edit, name="courier_account_edit"),
    path("<int:shop_id>/accounts/platform/add/", views.platform_account_edit, name="platform_account_add"),
    path("<int:shop_id>/accounts/platform/<int:pk>/", views.platform_account_edit, name="platform_account_edit"),
    path("<int:shop_id>/accounts/<str:kind>/<int:pk>/token/", views.push_token_renew, name="push_token_renew"),
    path("<int:shop_id>/tokens/", token_views.api_tokens, name="api_tokens"),
    path("<int:shop_id>/tokens/<int:pk>/revoke/", token_views.api_token_revoke, name="api_token_revoke"),
    path("<int:shop_id>/policy/", policy.policy_page, name="policy"),
]
