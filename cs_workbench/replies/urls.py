from django.urls import path

from cs_workbench.replies import views

urlpatterns = [
    path("", views.replies, name="replies"),
    path("<int:shop_id>/add/", views.reply_edit, name="reply_add"),
    path("<int:shop_id>/defaults/", views.reply_defaults, name="reply_defaults"),
    path("<int:shop_id>/<int:pk>/", views.reply_edit, name="reply_edit"),
    path("<int:shop_id>/<int:pk>/<slug:verb>/", views.reply_verb, name="reply_verb"),
]
