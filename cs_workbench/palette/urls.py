from django.urls import path

from cs_workbench.palette import views

urlpatterns = [
    path("go/", views.go, name="go"),
    path("help/", views.help_page, name="help"),
]
