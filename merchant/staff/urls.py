from django.urls import path

from merchant.staff import role_views, shop_views, views

urlpatterns = [
    path("shops/add/", shop_views.shop_add, name="shop_add"),
    path("<int:shop_id>/shop/", shop_views.shop_edit, name="shop_edit"),
    path("<int:shop_id>/staff/", views.staff, name="staff"),
    path("<int:shop_id>/roles/", role_views.role_list, name="roles"),
    path("<int:shop_id>/roles/add/", role_views.role_add, name="role_add"),
    path("<int:shop_id>/roles/<int:pk>/", role_views.role_edit, name="role_edit"),
    path("<int:shop_id>/staff/add/", views.staff_add, name="staff_add"),
    path("<int:shop_id>/staff/<int:pk>/", views.staff_member, name="staff_member"),
    path("<int:shop_id>/staff/<int:pk>/way-in/", views.staff_reset, name="staff_reset"),
    path("<int:shop_id>/staff/<int:pk>/second-step/", views.staff_second_factor, name="staff_second_factor"),
    path("<int:shop_id>/staff/<int:pk>/leave/", views.staff_deactivate, name="staff_deactivate"),
    path("<int:shop_id>/staff/<int:pk>/return/", views.staff_reactivate, name="staff_reactivate"),
]
