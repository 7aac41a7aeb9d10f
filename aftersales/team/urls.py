from django.urls import path

from aftersales.team import views

urlpatterns = [
    path("team/", views.team, name="team"),
    path("team/<int:pk>/", views.team_hand_over, name="team_hand_over"),
    path("team/<int:pk>/hand-over/", views.team_hand_over_all, name="team_hand_over_all"),
    path("cases/<int:shop_id>/<ref:number>/assign/<slug:verb>/", views.case_assign, name="case_assign"),
    path("orders/<int:shop_id>/<ref:number>/assign/<slug:verb>/", views.order_assign, name="order_assign"),
    path(
        "customers/<int:shop_id>/<int:pk>/account_owner/", views.customer_account_owner, name="customer_account_owner"
    ),
]
