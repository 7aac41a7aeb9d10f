from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.errands.kinds import kind_of
from merchant.jobs.models import JobState
from merchant.people.querysets import ShopQuerySet

OPEN = (JobState.WAITING, JobState.RUNNING)


class Errand(models.Model):
    """A call to the outside that a person asked for about one row: submitted by the press, made by a worker. `words` is
    how it ended, in the language of whoever asked; `code` a refusal's."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=40)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    # What tells two errands of one kind about one row apart, such as the day of a statement.
    key = models.CharField(max_length=40, blank=True, db_default="")
    told = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    state = models.CharField(_("state"), max_length=16, choices=JobState, default=JobState.WAITING)
    code = models.CharField(max_length=32, blank=True, db_default="")
    words = models.TextField(blank=True, db_default="")
    starts = models.PositiveSmallIntegerField(default=0, db_default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    language = models.CharField(max_length=12)
    created_at = models.DateTimeField(db_default=Now())
    # From when on it counts as forgotten: a message on its way, then a worker's lease.
    due_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("errand")
        verbose_name_plural = _("errands")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "key"], condition=models.Q(state__in=OPEN), name="errand_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "created_at"], name="errand_subject"),
            models.Index(fields=["due_at"], condition=models.Q(state__in=OPEN), name="errand_open"),
            models.Index(fields=["shop", "finished_at"], condition=models.Q(state="failed"), name="errand_failed"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def label(self) -> str:
        """What was asked for, in words."""
        return str(kind_of(self.kind).label)

    @property
    def ending(self) -> str:
        """How it ended, as a refusal is written: the sentence, then its code."""
        return f"{self.words} [{self.code}]" if self.code else self.words

    @property
    def is_open(self) -> bool:
        """Nobody has heard yet how it ended."""
        return self.state in OPEN

    @property
    def is_failed(self) -> bool:
        return self.state == JobState.FAILED
