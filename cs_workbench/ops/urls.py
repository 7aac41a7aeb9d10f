from django.urls import path

from cs_workbench.ops import views

urlpatterns = [
    path("", views.ops, name="ops"),
    path("messages/", views.messages_list, name="messages"),
    path("messages/<int:pk>/", views.message_detail, name="message_detail"),
    path("messages/<int:pk>/retry/", views.message_retry, name="message_retry"),
    path("platforms/<int:pk>/pull/", views.platform_pull, name="platform_pull"),
    path("pictures/<int:shop_id>/retry/", views.pictures_retry, name="pictures_retry"),
    path("couriers/", views.couriers, name="couriers"),
    path("couriers/<int:pk>/<slug:verb>/", views.account_verb, name="account_verb"),
]
