from django.urls import include, path

urlpatterns = [
    path("", include("aftersales.team.urls")),
    path("", include("aftersales.returns.urls")),
    path("products/", include("aftersales.products.urls")),
    path("statements/", include("aftersales.statements.urls")),
]
