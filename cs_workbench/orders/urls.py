from django.urls import path

from cs_workbench.orders import views
from cs_workbench.orders.address import order_address
from cs_workbench.orders.flags import order_flag

urlpatterns = [
    path("", views.orders, name="orders"),
    path("<int:shop_id>/<ref:number>/", views.order_detail, name="order_detail"),
    path("<int:shop_id>/<ref:number>/note/", views.order_note, name="order_note"),
    path("<int:shop_id>/<ref:number>/address/", order_address, name="order_address"),
    path("<int:shop_id>/<ref:number>/flag/", order_flag, name="order_flag"),
    path("<int:shop_id>/<ref:number>/person/", views.order_person, name="order_person"),
    path("<int:shop_id>/<ref:number>/reveal/<slug:field>/", views.reveal, name="reveal"),
]
