from django.urls import path

from orders.assignment import views

urlpatterns = [
    path("", views.assign_list, name="assign_list"),
    path("rules/<int:shop_id>/", views.assignment_rules, name="assignment_rules"),
    path("rules/<int:shop_id>/<int:rule_id>/<slug:verb>/", views.assignment_rule_verb, name="assignment_rule_verb"),
    path("<int:shop_id>/<path:number>/", views.assign_order, name="assign_order"),
]
