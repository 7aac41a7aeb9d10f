from django.urls import path

from cs_workbench.cases import views

urlpatterns = [
    path("<int:shop_id>/<ref:number>/", views.case_detail, name="case_detail"),
]
