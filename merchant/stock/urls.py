from django.urls import path

from merchant.stock import paper_pages, sku_pages, views, warehouse_pages

PAPER = "<int:shop_id>/<ref:number>/"
urlpatterns = [
    path("", views.stock_list, name="stock"),
    path("new/<int:shop_id>/", sku_pages.sku_add, name="sku_add"),
    path("papers/<slug:kind>/", paper_pages.stock_papers, name="stock_papers"),
    path("papers/new/<int:shop_id>/<slug:kind>/", paper_pages.stock_paper_new, name="stock_paper_new"),
    path(f"counts/{PAPER}", paper_pages.stocktake_detail, name="stocktake_detail"),
    path(f"counts/{PAPER}<slug:verb>/", paper_pages.stocktake_verb, name="stocktake_verb"),
    path(f"transfers/{PAPER}", paper_pages.transfer_detail, name="transfer_detail"),
    path(f"transfers/{PAPER}<slug:verb>/", paper_pages.transfer_verb, name="transfer_verb"),
    path(f"purchases/{PAPER}", paper_pages.purchase_detail, name="purchase_detail"),
    path(f"purchases/{PAPER}<slug:verb>/", paper_pages.purchase_verb, name="purchase_verb"),
    path("warehouses/", warehouse_pages.warehouse_list, name="warehouse_list"),
    path("warehouses/new/<int:shop_id>/", warehouse_pages.warehouse_add, name="warehouse_add"),
    path("warehouses/<int:shop_id>/<int:pk>/", warehouse_pages.warehouse_edit, name="warehouse_edit"),
    path("warehouses/<int:shop_id>/<int:pk>/<slug:verb>/", warehouse_pages.warehouse_verb, name="warehouse_verb"),
    path("<int:shop_id>/<int:pk>/", views.sku_detail, name="sku_detail"),
    path("<int:shop_id>/<int:pk>/edit/", sku_pages.sku_edit, name="sku_edit"),
    path("<int:shop_id>/<int:pk>/<slug:verb>/", views.sku_verb, name="sku_verb"),
]
