"""Imports by API: files in, a job to ask after, its rows with their outcomes."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from merchant.api.fields import Files, PersonSerializer, RowSerializer, Text
from merchant.api.resources import Resource, verb
from merchant.jobs.models import Job, JobRow
from orders.intake import importer, jobs

REFUSED_SHOWN = 200


class ImportRequestSerializer(serializers.Serializer):
    files = Files(min_length=1, max_length=jobs.MAX_FILES, help_text="Order files, 64 MB each at most.")
    profile = Text(max_length=40, default="auto", help_text="A layout's name; `auto` recognises it by its columns.")


class ImportRetrySerializer(serializers.Serializer):
    profile = Text(max_length=40, help_text="Another layout begins anew; empty goes on where it broke off.")


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

    refused_rows = serializers.SerializerMethodField(help_text=f"The first {REFUSED_SHOWN} rows that were refused.")

    class Meta(ImportSerializer.Meta):
        fields: Any = (*ImportSerializer.Meta.fields, "refused_rows")
        read_only_fields = fields

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


urlpatterns = ImportApi.urls()
