from django.urls import path

from merchant.errands import views

urlpatterns = [
    path("", views.errands_over, name="errands_over"),
    path("<int:shop_id>/<ref:number>/retry/", views.errand_retry, name="errand_retry"),
]
