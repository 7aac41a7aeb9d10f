"""Statements by API: files in, their days, and the differences to the shop's books."""

from datetime import date

import django_filters
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework import serializers

from aftersales.statements import errands, reading, services
from aftersales.statements.enums import DifferenceKind, DifferenceState, FileState
from aftersales.statements.models import Difference, StatementFile
from merchant.api.fields import ROW_ID, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.errands.api import ErrandSerializer
from merchant.errands.models import Errand
from merchant.platforms.registry import with_bills
from merchant.refusals import Refused
from merchant.shops.models import PlatformAccount
from orders.payments.enums import PayChannel


class StatementSerializer(RowSerializer):
    """One statement of a channel, and how it was read."""

    by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = StatementFile
        fields = (
            "shop",
            "id",
            "channel",
            "name",
            "state",
            "error",
            "layout",
            "from_date",
            "to_date",
            "row_count",
            "new_count",
            "refused_count",
            "by",
            "created_at",
        )
        read_only_fields = fields


class DifferenceSerializer(RowSerializer):
    """One payment about which the channel and the shop's books disagree."""

    refund = serializers.SlugRelatedField(slug_field="number", read_only=True, allow_null=True)
    gap_fen = serializers.IntegerField(read_only=True, help_text="What the channel moved beyond our books.")
    filed_by = PersonSerializer(read_only=True, allow_null=True)
    settled_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Difference
        fields = (
            "shop",
            "id",
            "channel",
            "kind",
            "document",
            "book_date",
            "theirs_fen",
            "ours_fen",
            "gap_fen",
            "refund",
            "state",
            "note",
            "filed_by",
            "settled_by",
            "settled_at",
            "created_at",
        )
        read_only_fields = fields


class StatementFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=FileState.choices)

    class Meta:
        model = StatementFile
        fields = ()


class DifferenceFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=DifferenceState.choices)
    kind = django_filters.MultipleChoiceFilter(choices=DifferenceKind.choices)
    channel = django_filters.MultipleChoiceFilter(choices=PayChannel.choices)
    since = django_filters.DateFilter(field_name="book_date", lookup_expr="gte")
    until = django_filters.DateFilter(field_name="book_date", lookup_expr="lte")

    class Meta:
        model = Difference
        fields = ()


class StatementUploadSerializer(serializers.Serializer):
    file = serializers.FileField(help_text="The statement as the channel gives it.")
    from_date = serializers.DateField(allow_null=True, default=None, help_text="The first day it covers.")
    to_date = serializers.DateField(allow_null=True, default=None, help_text="The last day it covers.")


class StatementPullSerializer(serializers.Serializer):
    account = serializers.IntegerField(
        **ROW_ID, help_text="An account of the shop whose platform hands out statements."
    )
    day = serializers.DateField()


class NoteSerializer(serializers.Serializer):
    note = Text(required=True)


class StatementApi(Resource):
    """Statements, newest first."""

    area, noun, path = "statements", "statement", "statements"
    keys = ("<int:id>",)
    queryset = StatementFile.objects.defer("body").select_related("by")
    serializer_class = StatementSerializer
    filterset_class = StatementFilters

    @verb(StatementUploadSerializer, slug="", at_top=True, status=202)
    def create(self, *, file: UploadedFile, from_date: date | None, to_date: date | None) -> StatementFile:
        """Take in a statement; it is read in the background. Without days it covers those its rows name."""
        most = reading.MAX_BYTES
        if file.size and file.size > most:
            sentence = _("The file is larger than %(most)d MB; split it.") % {"most": most // 1024 // 1024}
            raise Refused("FILE", sentence, field="file")
        return reading.file_statement(
            self.shop, file.name or "", file.read(), by=self.by, from_date=from_date, to_date=to_date
        )

    @verb(StatementPullSerializer, gives=ErrandSerializer, status=202, at_top=True)
    def pull(self, *, account: int, day: date) -> Errand:
        """Fetch one day's statement of an account now."""
        row = PlatformAccount.objects.filter(shop=self.shop, platform__in=with_bills(), pk=account).first()
        if row is None:
            raise Refused("ACCOUNT", _("This shop has no such account."), field="account")
        return errands.submit_pull(row, day, by=self.by)

    @verb(slug="again")
    def read_again(self, file: StatementFile) -> None:
        """Read a file once more that could not be read."""
        reading.read_statement_again(file, by=self.by)


class DifferenceApi(Resource):
    """Differences, newest first."""

    area, noun, path = "statements", "difference", "differences"
    keys = ("<int:id>",)
    queryset = Difference.objects.select_related("shop", "refund", "filed_by", "settled_by")
    serializer_class = DifferenceSerializer
    filterset_class = DifferenceFilters

    @verb(gives=ErrandSerializer, status=202)
    def ask(self, difference: Difference) -> Errand:
        """Ask the channel about our refund now, then hold the day against the books again."""
        return errands.submit_ask(difference, by=self.by)

    @verb(NoteSerializer)
    def explain(self, difference: Difference, *, note: str) -> None:
        """It is none, or is settled elsewhere; the note says why."""
        services.explain_difference(difference, by=self.by, note=note)

    @verb(NoteSerializer)
    def file(self, difference: Difference, *, note: str) -> None:
        """核销, first person: books nothing until somebody else confirms."""
        services.file_write_off(difference, by=self.by, note=note)

    @verb()
    def confirm(self, difference: Difference) -> None:
        """核销, second person."""
        services.confirm_write_off(difference, by=self.by)


urlpatterns = [*StatementApi.urls(), *DifferenceApi.urls()]
