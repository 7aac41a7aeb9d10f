"""Members that many requests and answers share."""

from typing import Any

from django.db.models import CharField
from rest_framework import serializers

from merchant.money import MOST
from merchant.people.models import Membership, User

ROW_ID = {"min_value": 1, "max_value": 2**63 - 1}


class Nothing(serializers.Serializer):
    """A verb that takes no more than its address."""


class Fen(serializers.IntegerField):
    """Money in whole fen, zero or more unless told otherwise."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MOST, **kwargs})


class Version(serializers.IntegerField):
    """The `version` the decision was made upon: refused (E16) when the row has moved since."""

    def __init__(self, **kwargs: Any) -> None:
        text = "The `version` this decision is made upon; refused (E16) when the row has moved since."
        super().__init__(**{"min_value": 0, "max_value": 2**31 - 1, "help_text": text, **kwargs})


class Text(serializers.CharField):
    """A line of words; empty unless required."""

    def __init__(self, **kwargs: Any) -> None:
        free = {} if kwargs.get("required") else {"default": "", "allow_blank": True}
        super().__init__(**{"max_length": 300, **free, **kwargs})


class Files(serializers.ListField):
    """Uploaded files, sent as repeated parts of one name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": serializers.FileField(), **kwargs})


class RowSerializer(serializers.ModelSerializer):
    """A row as it is shown. Where a column's choice may be empty its description says so too."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name, field in fields.items():
            if isinstance(field, serializers.ChoiceField):
                column = self.Meta.model._meta.get_field(name)
                field.allow_blank = column.blank and isinstance(column, CharField)
        return fields


class PersonSerializer(RowSerializer):
    """A colleague."""

    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "name")
        read_only_fields = fields
        ref_name = "Person"


class Colleague(serializers.PrimaryKeyRelatedField):
    """The id of somebody who works in the token's shop."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"queryset": User.objects.all(), **kwargs})

    def get_queryset(self) -> Any:
        members = Membership.objects.filter(shop_id=self.context["request"].auth.shop_id, is_active=True)
        return User.objects.filter(pk__in=members.values("user"), is_active=True)
