from django.urls import path

from orders.review import views

urlpatterns = [
    path("", views.review_list, name="review_list"),
    path("bulk/", views.review_bulk, name="review_bulk"),
    path("report/", views.review_report, name="review_report"),
    path("<int:shop_id>/<path:number>/<slug:verb>/", views.review_verb, name="review_verb"),
]
