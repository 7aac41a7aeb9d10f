from django.urls import path

from cs_workbench.board import views as board
from cs_workbench.bulk import views as bulk
from cs_workbench.cases.views import case_detail
from cs_workbench.claims import views as claims
from cs_workbench.desk import live_view
from cs_workbench.desk import views as desk
from cs_workbench.interceptions import queue_pages as queues
from cs_workbench.interceptions import views as road
from cs_workbench.ops import views as ops
from cs_workbench.orders import views as record
from cs_workbench.orders.address import order_address
from cs_workbench.orders.flags import order_flag
from cs_workbench.products import views as products
from cs_workbench.quota import views as quota
from cs_workbench.refunds import views as money
from cs_workbench.refunds.buyer_page import buyer_page
from cs_workbench.replies import views as replies
from cs_workbench.rules import views as rulebook
from cs_workbench.statements import views
from cs_workbench.team import views as people
from cs_workbench.warehouse import stock_views
from cs_workbench.warehouse import views as warehouse
from cs_workbench.warehouse.inspecting import inspection_detail

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/pulse/", live_view.desk_pulse, name="desk_pulse"),
    path("desk/leave/", live_view.desk_leave, name="desk_leave"),
    path("desk/buyer/<int:shop_id>/<int:buyer_id>/", desk.desk_cards, name="desk_cards"),
    path("desk/order/<int:shop_id>/<str:number>/", desk.desk_order, name="desk_order"),
    path("desk/order/<int:shop_id>/<str:number>/<slug:verb>/", desk.desk_order_verb, name="desk_order_verb"),
    path("desk/case/<int:shop_id>/<str:number>/", desk.desk_case, name="desk_case"),
    path("desk/case/<int:shop_id>/<str:number>/<slug:verb>/", desk.desk_verb, name="desk_verb"),
    path("cases/<int:shop_id>/<str:number>/", case_detail, name="case_detail"),
    path("cases/<int:shop_id>/<str:number>/assign/<slug:verb>/", people.case_assign, name="case_assign"),
    path("orders/<int:shop_id>/<str:number>/assign/<slug:verb>/", people.order_assign, name="order_assign"),
    path(
        "customers/<int:shop_id>/<int:pk>/account_owner/", people.customer_account_owner, name="customer_account_owner"
    ),
    path("board/", board.board, name="board"),
    path("board/cases/", board.board_cases, name="board_cases"),
    path("board/orders/", board.board_orders, name="board_orders"),
    path("team/", people.team, name="team"),
    path("team/<int:pk>/", people.team_hand_over, name="team_hand_over"),
    path("team/<int:pk>/hand-over/", people.team_hand_over_all, name="team_hand_over_all"),
    path("orders/", record.orders, name="orders"),
    path("orders/<int:shop_id>/<str:number>/", record.order_detail, name="order_detail"),
    path("orders/<int:shop_id>/<str:number>/note/", record.order_note, name="order_note"),
    path("orders/<int:shop_id>/<str:number>/address/", order_address, name="order_address"),
    path("orders/<int:shop_id>/<str:number>/flag/", order_flag, name="order_flag"),
    path("orders/<int:shop_id>/<str:number>/reveal/<slug:field>/", record.reveal, name="reveal"),
    path("products/<int:shop_id>/<int:pk>/", products.product_detail, name="product_detail"),
    path("parcels/<int:shop_id>/<str:courier>/<str:waybill>/", record.parcel_detail, name="parcel_detail"),
    path("parcels/<int:shop_id>/<str:courier>/<str:waybill>/refresh/", record.parcel_refresh, name="parcel_refresh"),
    path("interceptions/", road.interceptions, name="interceptions"),
    path("interceptions/effect/", road.interceptions_effect, name="interceptions_effect"),
    path("interceptions/queues/", queues.interception_queues, name="interception_queues"),
    path("interceptions/<int:shop_id>/<str:number>/bill/", queues.interception_bill, name="interception_bill"),
    path("interceptions/<int:shop_id>/<str:number>/", road.interception_detail, name="interception_detail"),
    path("interceptions/<int:shop_id>/<str:number>/<slug:verb>/", road.interception_verb, name="interception_verb"),
    path("claims/", claims.claims, name="claims"),
    path("claims/damage/", claims.damage_rate, name="damage_rate"),
    path("claims/draft/", claims.claim_draft, name="claim_draft"),
    path("claims/<int:shop_id>/<str:number>/", claims.claim_detail, name="claim_detail"),
    path("claims/<int:shop_id>/<str:number>/<slug:verb>/", claims.claim_verb, name="claim_verb"),
    path("cases/<int:shop_id>/<str:number>/wish/<slug:verb>/", money.payback_request_verb, name="payback_request_verb"),
    path("s/<str:token>/", buyer_page, name="buyer_page"),
    path("refunds/", money.refunds, name="refunds"),
    path("refunds/funds/<int:shop_id>/<slug:channel>/", money.refund_funds, name="refund_funds"),
    path("refunds/<int:shop_id>/<str:number>/", money.refund_detail, name="refund_detail"),
    path("refunds/<int:shop_id>/<str:number>/<slug:verb>/", money.refund_verb, name="refund_verb"),
    path("statements/", views.statements, name="statements"),
    path("statements/take/", views.statement_take, name="statement_take"),
    path("statements/accounts/<int:pk>/pull/", views.statement_pull, name="statement_pull"),
    path("statements/files/<int:pk>/again/", views.statement_again, name="statement_again"),
    path("statements/differences/<int:pk>/<slug:verb>/", views.difference_verb, name="difference_verb"),
    path("warehouse/", warehouse.warehouse, name="warehouse"),
    path("warehouse/scan/", warehouse.warehouse_scan, name="warehouse_scan"),
    path("warehouse/keep/", warehouse.warehouse_keep, name="warehouse_keep"),
    path("warehouse/inspect/<int:shop_id>/<str:number>/", inspection_detail, name="inspection_detail"),
    path("warehouse/parcels/<int:shop_id>/<str:number>/", warehouse.return_parcel, name="return_parcel"),
    path("warehouse/parcels/<int:shop_id>/<str:number>/match/", warehouse.return_match, name="return_match"),
    path("stock/", stock_views.stock_list, name="stock"),
    path("stock/<int:shop_id>/<int:pk>/", stock_views.sku_detail, name="sku_detail"),
    path("stock/<int:shop_id>/<int:pk>/<slug:verb>/", stock_views.sku_verb, name="sku_verb"),
    path("ops/", ops.ops, name="ops"),
    path("ops/messages/", ops.messages_list, name="messages"),
    path("ops/messages/<int:pk>/", ops.message_detail, name="message_detail"),
    path("ops/messages/<int:pk>/retry/", ops.message_retry, name="message_retry"),
    path("ops/platforms/<int:pk>/pull/", ops.platform_pull, name="platform_pull"),
    path("ops/couriers/", ops.couriers, name="couriers"),
    path("ops/couriers/<int:pk>/<slug:verb>/", ops.account_verb, name="account_verb"),
    path("quota/", quota.quota, name="quota"),
    path("quota/ask/<int:shop_id>/", quota.quota_ask, name="quota_ask"),
    path("quota/<int:pk>/<slug:verb>/", quota.quota_verb, name="quota_verb"),
    path("rules/", rulebook.rules, name="rules"),
    path("bulk/", bulk.bulk_list, name="bulk_list"),
    path("bulk/<int:shop_id>/<slug:verb>/preview/", bulk.bulk_preview, name="bulk_preview"),
    path("bulk/<int:shop_id>/<slug:verb>/start/", bulk.bulk_start, name="bulk_start"),
    path("bulk/<str:number>/", bulk.bulk_detail, name="bulk_detail"),
    path("bulk/<str:number>/progress/", bulk.bulk_progress, name="bulk_progress"),
    path("bulk/<str:number>/<slug:verb>/", bulk.bulk_verb, name="bulk_verb"),
    path("replies/", replies.replies, name="replies"),
    path("replies/<int:shop_id>/add/", replies.reply_edit, name="reply_add"),
    path("replies/<int:shop_id>/defaults/", replies.reply_defaults, name="reply_defaults"),
    path("replies/<int:shop_id>/<int:pk>/", replies.reply_edit, name="reply_edit"),
    path("replies/<int:shop_id>/<int:pk>/<slug:verb>/", replies.reply_verb, name="reply_verb"),
]
