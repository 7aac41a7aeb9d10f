"""Errands by API: a verb that calls somebody outside answers 202 with one; here is how it ended."""

from typing import Any

from rest_framework import serializers

from merchant.api.fields import RowSerializer
from merchant.api.resources import Resource
from merchant.errands.models import Errand


class ErrandSerializer(RowSerializer):
    """A call to the outside that was asked for. Once `state` is `done` or `failed`, `words` says how it ended and
    `code` why it was refused. The same verb again tries again."""

    about = serializers.CharField(source="subject_kind", read_only=True, help_text="The kind of row it is about.")

    class Meta:
        model = Errand
        fields = ("shop", "number", "kind", "about", "state", "code", "words", "created_at", "finished_at")
        read_only_fields = fields


class ErrandApi(Resource):
    """What was asked for in the name of this token's person, newest first."""

    area, noun, path = "", "errand", "errands"
    queryset = Errand.objects.all()
    serializer_class = ErrandSerializer

    def in_sight(self, rows: Any) -> Any:
        return rows.seen_in(self.request.auth.shop_id, self.by).filter(by=self.by)


urlpatterns = ErrandApi.urls()
