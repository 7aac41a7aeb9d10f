from django.urls import path

from orders.confirmation import views

urlpatterns = [
    path("", views.confirm_list, name="confirm_list"),
    path("<int:shop_id>/<path:number>/<slug:verb>/", views.confirm_verb, name="confirm_verb"),
]
