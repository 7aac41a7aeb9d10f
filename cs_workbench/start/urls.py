from django.urls import path

from cs_workbench.start import views

urlpatterns = [
    path("", views.start, name="start"),
    path("<int:shop_id>/<slug:name>/<slug:verb>/", views.start_step, name="start_step"),
]
