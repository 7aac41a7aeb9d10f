from django.urls import path

from cs_workbench.bulk import views

urlpatterns = [
    path("", views.bulk_list, name="bulk_list"),
    path("<int:shop_id>/<slug:verb>/preview/", views.bulk_preview, name="bulk_preview"),
    path("<int:shop_id>/<slug:verb>/start/", views.bulk_start, name="bulk_start"),
    path("<ref:number>/", views.bulk_detail, name="bulk_detail"),
    path("<ref:number>/progress/", views.bulk_progress, name="bulk_progress"),
    path("<ref:number>/<slug:verb>/", views.bulk_verb, name="bulk_verb"),
]
