"""Interceptions by API. One is begun by its case (`POST /cases/{shop}/{number}/intercept/`)."""

import django_filters
from django.utils.translation import gettext as _
from rest_framework import serializers

from logistics.interception import errands, services
from logistics.interception.billing import bill_interception
from logistics.interception.enums import InterceptionState
from logistics.interception.models import Interception
from merchant.api.fields import Fen, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.errands.api import ErrandSerializer
from merchant.errands.models import Errand
from merchant.refusals import Refused


class InterceptionSerializer(RowSerializer):
    """One attempt to stop one parcel. `running` is a request the courier took, not a parcel that is stopped."""

    order = serializers.CharField(source="package.order.number", read_only=True, help_text="The order's number.")
    submitted_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Interception
        fields = (
            "shop",
            "number",
            "order",
            "courier",
            "waybill",
            "kind",
            "state",
            "is_unknown",
            "reason",
            "courier_words",
            "evidence",
            "external_ref",
            "fee_fen",
            "freight_fen",
            "is_cost_estimated",
            "due_at",
            "submitted_at",
            "submitted_by",
            "accepted_at",
            "settled_at",
            "returned_at",
            "version",
        )
        read_only_fields = fields


class InterceptionFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=InterceptionState.choices)
    courier = django_filters.CharFilter(max_length=16)
    waybill = django_filters.CharFilter(max_length=40)
    order = django_filters.CharFilter(field_name="package__order__number", max_length=64)

    class Meta:
        model = Interception
        fields = ()


class ReasonSerializer(serializers.Serializer):
    reason = Text()


class InterceptionBillSerializer(serializers.Serializer):
    fee_fen = Fen()
    freight_fen = Fen()
    reference = Text(max_length=64, help_text="The number of the courier's bill.")


class InterceptionApi(Resource):
    """Attempts to stop parcels, newest first."""

    area, noun, path = "interceptions", "interception", "interceptions"
    queryset = Interception.objects.select_related("package__order", "submitted_by")
    serializer_class = InterceptionSerializer
    filterset_class = InterceptionFilters

    @verb(gives=ErrandSerializer, status=202)
    def withdraw(self, interception: Interception) -> Errand:
        """撤销: take the request back at the courier, where it allows that."""
        return errands.submit_withdrawal(interception, by=self.by)

    @verb()
    def confirm(self, interception: Interception) -> None:
        """拦截成功, said by a person who knows. It does not pay by itself."""
        services.succeed_interception(interception, by=self.by)

    @verb(ReasonSerializer)
    def fail(self, interception: Interception, *, reason: str) -> None:
        """拦截失败, said by a person who knows."""
        services.fail_interception(interception, reason="other", by=self.by, words=reason)

    @verb(ReasonSerializer)
    def give_up(self, interception: Interception, *, reason: str) -> None:
        """The parcel is not found: the loss goes to a claim."""
        if not reason:
            raise Refused("REASON", _("Say why it is given up."), field="reason")
        services.give_up_interception(interception, by=self.by, reason=reason)

    @verb(InterceptionBillSerializer)
    def bill(self, interception: Interception, *, fee_fen: int, freight_fen: int, reference: str) -> None:
        """Enter fee and back freight as the courier billed them (M13)."""
        bill_interception(interception, by=self.by, fee_fen=fee_fen, freight_fen=freight_fen, reference=reference)


urlpatterns = InterceptionApi.urls()
