from django.urls import path

from cs_workbench.board import views

urlpatterns = [
    path("", views.board, name="board"),
    path("cases/", views.board_cases, name="board_cases"),
    path("orders/", views.board_orders, name="board_orders"),
]
