from django.urls import path

from orders.intake import views

urlpatterns = [
    path("", views.import_list, name="import_list"),
    path("template.xlsx", views.import_template, name="import_template"),
    path("<ref:number>/", views.import_detail, name="import_detail"),
    path("<ref:number>/progress/", views.import_progress, name="import_progress"),
    path("<ref:number>/report.csv", views.import_report, name="import_report"),
    path("<ref:number>/columns/", views.import_columns, name="import_columns"),
    path("<ref:number>/retry/", views.import_retry, name="import_retry"),
    path("<ref:number>/stop/", views.import_stop, name="import_stop"),
]
