"""Imports by API: files in, a job to ask after, its rows with their outcomes."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from merchant.api.fields import Files, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.jobs.models import Job, JobRow
from orders.intake import columns as mapped
from orders.intake import importer, jobs, own_layouts
from orders.record.enums import OrderState

REFUSED_SHOWN = 200


class ImportRequestSerializer(serializers.Serializer):
    files = Files(min_length=1, max_length=jobs.MAX_FILES, help_text="Order files, 64 MB each at most.")
    profile = Text(max_length=40, default="auto", help_text="A layout's name; `auto` recognises it by its columns.")


class ImportRetrySerializer(serializers.Serializer):
    profile = Text(max_length=40, help_text="Another layout begins anew; empty goes on where it broke off.")


class MapColumnsSerializer(serializers.Serializer):
    """What each column is: names of fields as the import's `sheets` guess them; empty leaves a column aside."""

    title = Text(required=True, max_length=60, help_text="Name of the layout; the same name again replaces it.")
    columns = serializers.DictField(
        child=serializers.ChoiceField(choices=list(mapped.FIELDS), allow_blank=True), allow_empty=False
    )
    grain = serializers.ChoiceField(choices=[key for key, _words in mapped.GRAINS], default=mapped.LINE_ROWS)
    money = serializers.ChoiceField(choices=[key for key, _words in mapped.UNITS], default="yuan")
    dates = serializers.ChoiceField(choices=[key for key, _words in mapped.DATES], default="", allow_blank=True)
    states = serializers.DictField(
        child=serializers.ChoiceField(choices=OrderState.choices),
        default=dict,
        help_text="Further words of the status.",
    )


class JobRowSerializer(RowSerializer):
    class Meta:
        model = JobRow
        fields = ("row_no", "subject", "outcome", "reason")
        read_only_fields = fields


class ImportSerializer(RowSerializer):
    """How far an import is: `done` of `total` rows, and the figures by outcome."""

    by = PersonSerializer(read_only=True, allow_null=True)
    figures = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        model = Job
        fields = (
            "shop",
            "number",
            "state",
            "title",
            "total",
            "done",
            "refused",
            "figures",
            "error",
            "by",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class ImportDetailSerializer(ImportSerializer):
    """The import with the rows it refused."""

    sheets = serializers.SerializerMethodField(help_text="Columns of each table and what they are taken for.")
    refused_rows = serializers.SerializerMethodField(help_text=f"The first {REFUSED_SHOWN} rows that were refused.")

    class Meta(ImportSerializer.Meta):
        fields: Any = (*ImportSerializer.Meta.fields, "sheets", "refused_rows")
        read_only_fields = fields

    def get_sheets(self, job: Job) -> list[dict[str, Any]]:
        return [{"name": sheet.name, "columns": mapped.guess(sheet.header)} for sheet in own_layouts.sheets_of(job)]

    def get_refused_rows(self, job: Job) -> list[dict[str, Any]]:
        rows = job.rows.filter(outcome="refused").order_by("row_no")[:REFUSED_SHOWN] if job.refused else []
        return list(JobRowSerializer(rows, many=True).data)


class ImportApi(Resource):
    """Imports of order files, newest first."""

    area, noun, path = "orders", "import", "imports"
    queryset = Job.objects.filter(kind=importer.KIND).select_related("by")
    serializer_class = ImportSerializer
    detail_class = ImportDetailSerializer

    @verb(ImportRequestSerializer, slug="", at_top=True, status=202)
    def create(self, *, files: list[UploadedFile], profile: str) -> Job:
        """Take order files in; a worker reads them, and this address says how far it is."""
        read = [(file.name or "", file.read(jobs.MAX_BYTES + 1)) for file in files]
        return jobs.start_import(self.shop, read, by=self.by, profile=profile)

    @verb()
    def stop(self, job: Job) -> None:
        """End it after the chunk in hand; what was stored stays."""
        jobs.stop_import(job, by=self.by)

    @verb(ImportRetrySerializer)
    def retry(self, job: Job, *, profile: str) -> None:
        """Go on where a failed or stopped import broke off."""
        jobs.retry_import(job, by=self.by, profile=profile)

    @verb(MapColumnsSerializer, slug="columns")
    def map_columns(self, job: Job, *, title: str, **choices: Any) -> None:
        """Say what each column is, keep that as the shop's layout, and read the failed import by it anew."""
        own_layouts.map_columns(job, by=self.by, title=title, choices=mapped.Choices(**choices))


urlpatterns = ImportApi.urls()
