from django.urls import path

from aftersales.statements import views

urlpatterns = [
    path("", views.statements, name="statements"),
    path("take/", views.statement_take, name="statement_take"),
    path("accounts/<int:pk>/pull/", views.statement_pull, name="statement_pull"),
    path("files/<int:pk>/again/", views.statement_again, name="statement_again"),
    path("differences/<int:pk>/<slug:verb>/", views.difference_verb, name="difference_verb"),
]
