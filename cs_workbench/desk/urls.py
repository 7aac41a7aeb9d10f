from django.urls import path

from cs_workbench.desk import live_view, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("pulse/", live_view.desk_pulse, name="desk_pulse"),
    path("leave/", live_view.desk_leave, name="desk_leave"),
    path("buyer/<int:shop_id>/<int:buyer_id>/", views.desk_cards, name="desk_cards"),
    path("order/<int:shop_id>/<ref:number>/", views.desk_order, name="desk_order"),
    path("order/<int:shop_id>/<ref:number>/<slug:verb>/", views.desk_order_verb, name="desk_order_verb"),
    path("case/<int:shop_id>/<ref:number>/", views.desk_case, name="desk_case"),
    path("case/<int:shop_id>/<ref:number>/<slug:verb>/", views.desk_verb, name="desk_verb"),
]
