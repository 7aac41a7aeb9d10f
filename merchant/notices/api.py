"""Notices by API: what this token's person was told, and what they have read of it."""

from rest_framework import serializers

from merchant.api.fields import ROW_ID, RowSerializer
from merchant.api.resources import Resource, verb
from merchant.notices import services
from merchant.notices.models import Notice


class NoticeSerializer(RowSerializer):
    """One fact somebody was told. `text` is in the language asked for, `path` the page about it, if there is one."""

    text = serializers.CharField(read_only=True)

    class Meta:
        model = Notice
        fields = ("shop", "id", "event", "text", "path", "created_at", "read_at")
        read_only_fields = fields


class ReadRequestSerializer(serializers.Serializer):
    up_to = serializers.IntegerField(**ROW_ID, help_text="The newest that was read; those before it are read with it.")


class ReadSerializer(serializers.Serializer):
    read = serializers.IntegerField(read_only=True, help_text="How many were unread.")


class NoticeApi(Resource):
    """What this token's person was told in this shop, newest first, read or not."""

    area, noun, path = "notices", "notice", "notices"
    doors = ("list",)
    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer

    @verb(ReadRequestSerializer, gives=ReadSerializer, at_top=True)
    def read(self, *, up_to: int) -> dict[str, int]:
        """已读: this one and what came before it. Once more changes nothing."""
        return {"read": services.read_notices(by=self.by, shop_id=self.shop.pk, up_to=up_to)}


urlpatterns = NoticeApi.urls()
