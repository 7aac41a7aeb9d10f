"""Claims on couriers by API."""

from typing import Any

import django_filters
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework import serializers

from logistics.claims import policies, services
from logistics.claims.enums import Basis, Cause, ClaimState, FiledThrough, PaidThrough
from logistics.claims.models import Claim
from logistics.parcels.models import Package
from merchant.api.fields import Fen, Files, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.attachments.services import MAX_FILES, read_files
from merchant.refusals import Refused


class ClaimSerializer(RowSerializer):
    """What a courier owes for goods it broke, lost or gave away (M14)."""

    order = serializers.CharField(source="order_number", read_only=True, help_text="The order's number.")
    waybill = serializers.CharField(source="package.waybill", read_only=True)
    interception = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)

    class Meta:
        model = Claim
        fields = (
            "shop",
            "number",
            "order",
            "courier",
            "waybill",
            "interception",
            "cause",
            "state",
            "ending",
            "basis",
            "loss_fen",
            "insured_fen",
            "claimed_fen",
            "agreed_fen",
            "paid_fen",
            "note",
            "inspection_number",
            "due_at",
            "filed_at",
            "filed_through",
            "courier_reference",
            "answered_at",
            "courier_words",
            "appealed_at",
            "paid_at",
            "paid_through",
            "payment_reference",
            "closed_at",
            "created_at",
            "version",
        )
        read_only_fields = fields


class ClaimFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=ClaimState.choices)
    courier = django_filters.CharFilter(max_length=16)
    cause = django_filters.ChoiceFilter(choices=Cause.choices)
    order = django_filters.CharFilter(field_name="order_number", max_length=64)

    class Meta:
        model = Claim
        fields = ()


class ClaimDraftSerializer(serializers.Serializer):
    waybill = Text(required=True, max_length=40)
    cause = serializers.ChoiceField(choices=Cause.choices)
    basis = serializers.ChoiceField(choices=Basis.choices)
    loss_fen = Fen(min_value=1)
    note = Text()


class ClaimEditSerializer(serializers.Serializer):
    loss_fen = Fen(min_value=1)
    basis = serializers.ChoiceField(choices=Basis.choices)
    insured_fen = Fen(min_value=1, allow_null=True, default=None, help_text="null is not insured.")
    note = Text()


class ClaimFileSerializer(serializers.Serializer):
    through = serializers.ChoiceField(choices=FiledThrough.choices)
    reference = Text(required=True, max_length=64, help_text="The number the courier gave it.")


class ClaimPhotosSerializer(serializers.Serializer):
    photos = Files(max_length=MAX_FILES)


class ClaimAgreedSerializer(serializers.Serializer):
    agreed_fen = Fen(min_value=1)


class ClaimReasonSerializer(serializers.Serializer):
    reason = Text(required=True)


class ClaimPaidSerializer(serializers.Serializer):
    paid_fen = Fen(min_value=1)
    through = serializers.ChoiceField(choices=PaidThrough.choices)
    reference = Text(max_length=64)


class ClaimApi(Resource):
    """Claims on couriers, newest first."""

    area, noun, path = "claims", "claim", "claims"
    queryset = Claim.objects.select_related("package", "interception")
    serializer_class = ClaimSerializer
    filterset_class = ClaimFilters

    @verb(ClaimDraftSerializer, slug="", at_top=True, status=201)
    def draft(self, *, waybill: str, **lost: Any) -> Claim:
        """Draft a claim for a parcel by hand."""
        rows = self.in_sight(Package.objects.in_force()).select_related("order", "account", "shop")
        package = rows.filter(waybill=waybill).order_by("-pk").first()
        if package is None:
            raise Refused("WAYBILL", _("There is no parcel of this shop with that tracking number."), field="waybill")
        return services.draft_claim(package, by=self.by, **lost)

    @verb(ClaimEditSerializer)
    def edit(self, claim: Claim, **found: Any) -> None:
        """Correct the draft's amounts; what is asked for follows from them (M14)."""
        services.edit_claim(claim, by=self.by, **found)

    @verb(ClaimPhotosSerializer)
    def photos(self, claim: Claim, *, photos: list[UploadedFile]) -> None:
        """Add photos as evidence."""
        policies.check_can_add_photos(claim, self.by)
        services.add_photos(claim, by=self.by, files=read_files(photos))

    @verb(ClaimFileSerializer)
    def file(self, claim: Claim, *, through: str, reference: str) -> None:
        """提交索赔: it was laid before the courier under its own number."""
        services.file_claim(claim, by=self.by, through=through, reference=reference)

    @verb(ClaimAgreedSerializer)
    def accept(self, claim: Claim, *, agreed_fen: int) -> None:
        """The courier agrees to pay this much."""
        services.accept_claim(claim, by=self.by, agreed_fen=agreed_fen)

    @verb(ClaimReasonSerializer)
    def reject(self, claim: Claim, *, reason: str) -> None:
        """The courier says no, in these words."""
        services.reject_claim(claim, by=self.by, reason=reason)

    @verb(ClaimReasonSerializer)
    def appeal(self, claim: Claim, *, reason: str) -> None:
        """Ask the courier once more."""
        services.appeal_claim(claim, by=self.by, reason=reason)

    @verb(ClaimPaidSerializer)
    def pay(self, claim: Claim, **paid: Any) -> None:
        """Book what the courier has paid; what is missing from the agreed sum is the shop's loss."""
        services.book_payment(claim, by=self.by, **paid)

    @verb()
    def close(self, claim: Claim) -> None:
        """Paid and put away."""
        services.close_claim(claim, by=self.by)

    @verb(ClaimReasonSerializer)
    def give_up(self, claim: Claim, *, reason: str) -> None:
        """Nothing more is to be had: the loss is the shop's."""
        services.give_up_claim(claim, by=self.by, reason=reason)

    @verb(ClaimReasonSerializer)
    def withdraw(self, claim: Claim, *, reason: str) -> None:
        """Nothing was lost after all."""
        services.withdraw_claim(claim, by=self.by, reason=reason)


urlpatterns = ClaimApi.urls()
