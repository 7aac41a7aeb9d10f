from django.urls import path

from logistics.claims import views

urlpatterns = [
    path("", views.claims, name="claims"),
    path("draft/", views.claim_draft, name="claim_draft"),
    path("<int:shop_id>/<ref:number>/", views.claim_detail, name="claim_detail"),
    path("<int:shop_id>/<ref:number>/<slug:verb>/", views.claim_verb, name="claim_verb"),
]
