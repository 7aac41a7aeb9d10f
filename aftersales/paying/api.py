"""Refunds by API: where the money stands, a second person's word, finance's release, and payouts another way."""

from datetime import date

import django_filters
from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from aftersales.paying import errands, payouts
from aftersales.refunds import payback_requests, services
from aftersales.refunds.api import WishRequestSerializer
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund
from merchant.api.fields import Fen, Files, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.attachments.services import MAX_FILES, read_files
from merchant.errands.api import ErrandSerializer
from merchant.errands.models import Errand
from orders.payments.enums import PayChannel


class RefundSerializer(RowSerializer):
    """One movement of money. Its number is what the channel sees on every try."""

    order = serializers.CharField(source="order.number", read_only=True, help_text="The order's number.")
    case = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    interception = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    replaces = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    created_by = PersonSerializer(read_only=True, allow_null=True)
    approved_by = PersonSerializer(read_only=True, allow_null=True)
    released_by = PersonSerializer(read_only=True, allow_null=True)
    payout_by = PersonSerializer(read_only=True, allow_null=True)
    payout_reference = serializers.SerializerMethodField(
        help_text="The number of the payment made another way; empty where none is filed."
    )

    class Meta:
        model = Refund
        fields = (
            "shop",
            "number",
            "order",
            "case",
            "interception",
            "replaces",
            "kind",
            "source",
            "channel",
            "channel_number",
            "state",
            "amount_fen",
            "freight_fen",
            "outcome",
            "went_to",
            "error",
            "reason",
            "attempts",
            "due_at",
            "sent_at",
            "settled_at",
            "created_at",
            "created_by",
            "approved_by",
            "released_by",
            "payout_by",
            "payout_reference",
            "updated_at",
        )
        read_only_fields = fields

    def get_payout_reference(self, refund: Refund) -> str:
        return str(refund.payout_proof.get("reference", ""))


class RefundFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=RefundState.choices)
    channel = django_filters.MultipleChoiceFilter(choices=PayChannel.choices)
    order = django_filters.CharFilter(field_name="order__number", max_length=64)
    case = django_filters.CharFilter(field_name="case__number", max_length=40)

    class Meta:
        model = Refund
        fields = ()


class RefundReasonSerializer(serializers.Serializer):
    reason = Text(required=True)


class PayoutSerializer(serializers.Serializer):
    method = Text(required=True, max_length=40, help_text="How it was paid: bank, alipay, cash …")
    reference = Text(required=True, max_length=64, help_text="The number of the payment.")
    amount_fen = Fen(min_value=1)
    paid_on = serializers.DateField(help_text="The day it was paid, in Shanghai.")
    proofs = Files(min_length=1, max_length=MAX_FILES, help_text="Pictures or PDF of the slip.")


class PayoutConfirmSerializer(serializers.Serializer):
    shown = Text(required=True, max_length=200, help_text="The `payout_reference` that is confirmed (E16).")


class AdoptSerializer(serializers.Serializer):
    number = Text(required=True, max_length=64, help_text="The refund's number in the channel's console.")


class FundsSerializer(serializers.Serializer):
    channel = serializers.ChoiceField(choices=PayChannel.choices)


class RefundApi(Resource):
    """Refunds, newest first."""

    area, noun, path = "refunds", "refund", "refunds"
    queryset = Refund.objects.select_related(
        "order", "case", "interception", "replaces", "created_by", "approved_by", "released_by", "payout_by"
    )
    serializer_class = RefundSerializer
    filterset_class = RefundFilters

    @verb(FundsSerializer, gives=ErrandSerializer, status=202, at_top=True)
    def try_funds(self, *, channel: str) -> Errand:
        """Funds are back: every refund of this channel that waits for them is asked for again, each by its number."""
        return errands.submit_try_funds(self.shop, channel, by=self.by)

    @verb()
    def approve(self, refund: Refund) -> None:
        """同意: the second person's word."""
        services.approve_refund(refund, by=self.by)

    @verb(RefundReasonSerializer)
    def reject(self, refund: Refund, *, reason: str) -> None:
        """The second person, or finance, says no; the case is back with the agents."""
        services.reject_refund(refund, by=self.by, reason=reason)

    @verb()
    def release(self, refund: Refund) -> None:
        """Let the money go. It is refunded when the channel says so."""
        services.release_refund(refund, by=self.by)

    @verb(gives=ErrandSerializer, status=202)
    def ask(self, refund: Refund) -> Errand:
        """Ask the channel about this number now; where funds were short, try again."""
        return errands.submit_ask(refund, by=self.by)

    @verb(RefundReasonSerializer, gives=RefundSerializer, status=201)
    def replace(self, refund: Refund, *, reason: str) -> Refund:
        """Pay under a new number what the channel closed unpaid, once. The answer is the new refund."""
        return services.replace_refund(refund, by=self.by, reason=reason)

    @verb(AdoptSerializer, gives=ErrandSerializer, status=202)
    def adopt(self, refund: Refund, *, number: str) -> Errand:
        """渠道后台已退: a refund made in the channel's console stands behind this one; the channel is asked."""
        return errands.submit_adoption(refund, by=self.by, number=number)

    @verb(PayoutSerializer)
    def payout(
        self,
        refund: Refund,
        *,
        method: str,
        reference: str,
        amount_fen: int,
        paid_on: date,
        proofs: list[UploadedFile],
    ) -> None:
        """线下打款, first person: what was paid another way, with proof. Moves nothing until somebody confirms."""
        payouts.file_payout(
            refund,
            by=self.by,
            proof={"method": method, "reference": reference},
            amount_fen=amount_fen,
            paid_on=paid_on,
            files=read_files(proofs, allows_pdf=True),
        )

    @verb(PayoutConfirmSerializer, gives=ErrandSerializer, status=202)
    def confirm(self, refund: Refund, *, shown: str) -> Errand:
        """线下打款, second person."""
        return errands.submit_confirmation(refund, by=self.by, shown=shown)

    @verb(RefundReasonSerializer)
    def refuse_payout(self, refund: Refund, *, reason: str) -> None:
        """The payout is not accepted, or taken back: it may be filed anew."""
        payouts.reject_payout(refund, by=self.by, reason=reason)

    @verb()
    def ask_buyer(self, refund: Refund) -> None:
        """The buyer was asked where the money may go."""
        payback_requests.ask_buyer(refund, by=self.by)

    @verb(WishRequestSerializer, slug="answer")
    def record_answer(self, refund: Refund, *, way: str, note: str) -> None:
        """Write down what the buyer answered."""
        payback_requests.record_answer(refund, way=way, note=note, by=self.by)


urlpatterns = RefundApi.urls()
