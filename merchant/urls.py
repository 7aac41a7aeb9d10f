from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from merchant.health import health
from merchant.ui.home import home

urlpatterns = [
    path("", home, name="home"),
    path("health/", health, name="health"),
    path("language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("accounts/", include("merchant.people.urls")),
    path("accounts/", include("merchant.staff.account_urls")),
    path("accounts/", include("merchant.second_factor.urls")),
    path("files/", include("merchant.attachments.urls")),
    path("settings/", include("merchant.shops.urls")),
    path("settings/", include("merchant.staff.urls")),
    path("settings/", include("merchant.platforms.account_urls")),
    path("settings/", include("logistics.couriers.account_urls")),
    path("errands/", include("merchant.errands.urls")),
    path("notices/", include("merchant.notices.urls")),
    path("push/platform/", include("merchant.platforms.urls")),
    path("api/v1/", include("merchant.api.urls")),
    path("stock/", include("merchant.stock.urls")),
    path("quota/", include("merchant.vault.urls")),
    path("", include("merchant.policy.urls")),
    path("", include("orders.urls")),
    path("", include("logistics.urls")),
    path("", include("aftersales.urls")),
    path("", include("cs_workbench.urls")),
]
