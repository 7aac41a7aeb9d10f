from django.urls import include, path

urlpatterns = [
    path("start/", include("cs_workbench.start.urls")),
    path("desk/", include("cs_workbench.desk.urls")),
    path("cases/", include("cs_workbench.cases.urls")),
    path("orders/", include("cs_workbench.orders.urls")),
    path("interceptions/", include("cs_workbench.interceptions.urls")),
    path("", include("cs_workbench.refunds.urls")),
    path("board/", include("cs_workbench.board.urls")),
    path("bulk/", include("cs_workbench.bulk.urls")),
    path("replies/", include("cs_workbench.replies.urls")),
    path("", include("cs_workbench.palette.urls")),
    path("ops/", include("cs_workbench.ops.urls")),
]
