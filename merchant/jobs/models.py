from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet

# Row numbers of a job's second table begin here, of the third at twice that.
TABLE_ROWS = 10_000_000


class JobState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("ended early")


class Job(models.Model):
    """Long work a person started: import, bulk action, export. May be left and found again; continues at `cursor`."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=32)
    state = models.CharField(_("state"), max_length=16, choices=JobState, default=JobState.WAITING)
    title = models.CharField(_("title"), max_length=200, blank=True)
    options = models.JSONField(default=dict)
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    # Moves with each chunk: a running job whose pulse stopped was killed and may be taken over.
    pulse_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()
    doer_path = "by"

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [models.Index(fields=["shop", "created_at"], name="job_recent")]

    def __str__(self) -> str:
        return self.number

    @property
    def progress(self) -> str:
        """How far it is: 3 / 10, or 3 while the total is not known."""
        return f"{self.done} / {self.total}" if self.total else str(self.done)


class JobRow(models.Model):
    """One row's outcome, in the order of the file."""

    job = models.ForeignKey(Job, models.CASCADE, db_index=False, related_name="rows")
    row_no = models.PositiveIntegerField()
    subject = models.CharField(max_length=64, blank=True, db_default="")
    outcome = models.CharField(max_length=16)
    reason = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "row_no"], name="job_row_once")]

    @property
    def place(self) -> tuple[str, int]:
        """(the table, where the job read several; the row's number in it)."""
        tables = self.job.options.get("tables") or []
        position, number = divmod(self.row_no, TABLE_ROWS)
        return (tables[position] if len(tables) > 1 and position < len(tables) else ""), number


class ProcessBeat(models.Model):
    """The last sign of life of a process; a page shows who has been silent."""

    name = models.CharField(max_length=64, unique=True)
    last_ok_at = models.DateTimeField()
    backlog = models.IntegerField(default=0)
    detail = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    class Meta:
        verbose_name = _("process")
        verbose_name_plural = _("processes")

    def __str__(self) -> str:
        return self.name
