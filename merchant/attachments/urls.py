from django.urls import path

from merchant.attachments import views

urlpatterns = [
    path("<int:pk>/", views.attachment, name="attachment"),
    path("<int:pk>/thumb/", views.attachment, {"size": "thumb"}, name="attachment_thumb"),
]
