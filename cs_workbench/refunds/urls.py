from django.urls import path

from cs_workbench.refunds import views
from cs_workbench.refunds.buyer_page import buyer_page, buyer_picture

urlpatterns = [
    path("s/<str:token>/", buyer_page, name="buyer_page"),
    path("s/<str:token>/picture/<int:line_no>/", buyer_picture, name="buyer_picture"),
    path("cases/<int:shop_id>/<ref:number>/wish/<slug:verb>/", views.payback_request_verb, name="payback_request_verb"),
    path("refunds/", views.refunds, name="refunds"),
    path("refunds/funds/<int:shop_id>/<slug:channel>/", views.refund_funds, name="refund_funds"),
    path("refunds/<int:shop_id>/<ref:number>/", views.refund_detail, name="refund_detail"),
    path("refunds/<int:shop_id>/<ref:number>/<slug:verb>/", views.refund_verb, name="refund_verb"),
]
