from django.urls import path

from cs_workbench.desk import views as desk
from cs_workbench.desk.case_page import case_detail
from cs_workbench.money import views as money
from cs_workbench.ops import views as ops
from cs_workbench.record import views as record
from cs_workbench.road import views as road
from cs_workbench.rulebook import views as rulebook

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/pulse/", desk.desk_pulse, name="desk_pulse"),
    path("desk/case/<int:shop_id>/<str:number>/", desk.desk_case, name="desk_case"),
    path("desk/case/<int:shop_id>/<str:number>/<slug:verb>/", desk.desk_verb, name="desk_verb"),
    path("cases/<int:shop_id>/<str:number>/", case_detail, name="case_detail"),
    path("orders/", record.orders, name="orders"),
    path("orders/<int:shop_id>/<str:number>/", record.order_detail, name="order_detail"),
    path("orders/<int:shop_id>/<str:number>/note/", record.order_note, name="order_note"),
    path("orders/<int:shop_id>/<str:number>/reveal/<slug:field>/", record.reveal, name="reveal"),
    path("parcels/<int:shop_id>/<str:courier>/<str:waybill>/", record.parcel_detail, name="parcel_detail"),
    path("parcels/<int:shop_id>/<str:courier>/<str:waybill>/refresh/", record.parcel_refresh, name="parcel_refresh"),
    path("interceptions/", road.interceptions, name="interceptions"),
    path("interceptions/effect/", road.interceptions_effect, name="interceptions_effect"),
    path("interceptions/<int:shop_id>/<str:number>/", road.interception_detail, name="interception_detail"),
    path("interceptions/<int:shop_id>/<str:number>/<slug:verb>/", road.interception_verb, name="interception_verb"),
    path("refunds/", money.refunds, name="refunds"),
    path("refunds/<int:shop_id>/<str:number>/", money.refund_detail, name="refund_detail"),
    path("refunds/<int:shop_id>/<str:number>/<slug:verb>/", money.refund_verb, name="refund_verb"),
    path("ops/", ops.ops, name="ops"),
    path("ops/messages/", ops.messages_list, name="messages"),
    path("ops/messages/<int:pk>/", ops.message_detail, name="message_detail"),
    path("ops/messages/<int:pk>/retry/", ops.message_retry, name="message_retry"),
    path("ops/platforms/<int:pk>/pull/", ops.platform_pull, name="platform_pull"),
    path("ops/couriers/<int:pk>/<slug:verb>/", ops.account_verb, name="account_verb"),
    path("rules/", rulebook.rules, name="rules"),
]
