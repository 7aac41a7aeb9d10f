from django.urls import path

from cs_workbench.interceptions import queue_pages, views

urlpatterns = [
    path("", views.interceptions, name="interceptions"),
    path("effect/", views.interceptions_effect, name="interceptions_effect"),
    path("queues/", queue_pages.interception_queues, name="interception_queues"),
    path("<int:shop_id>/<ref:number>/bill/", queue_pages.interception_bill, name="interception_bill"),
    path("<int:shop_id>/<ref:number>/", views.interception_detail, name="interception_detail"),
    path("<int:shop_id>/<ref:number>/<slug:verb>/", views.interception_verb, name="interception_verb"),
]
