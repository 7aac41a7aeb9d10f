from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class ActivityQuerySet(ShopQuerySet):
    def about(self, *subjects: models.Model) -> "ActivityQuerySet":
        """Everything recorded about these rows, newest first."""
        wanted = models.Q(pk__in=[])
        for subject in subjects:
            wanted |= models.Q(subject_kind=subject._meta.model_name, subject_id=subject.pk)
        return self.filter(wanted).order_by("-at", "-pk")


class Activity(models.Model):
    """One move: who, when, from, to, why. Append-only; `by` empty means the system."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, null=True, db_index=False, related_name="+")
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    verb = models.CharField(_("verb"), max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    from_state = models.CharField(max_length=24, blank=True, db_default="")
    to_state = models.CharField(max_length=24, blank=True, db_default="")
    reason = models.TextField(_("reason"), blank=True, db_default="")
    detail = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    at = models.DateTimeField(db_default=Now())

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activity trail")
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "at"], name="activity_subject"),
            models.Index(fields=["by", "at"], name="activity_by", condition=models.Q(by__isnull=False)),
            BrinIndex(fields=["at"], name="activity_at_brin"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind}:{self.subject_id}"
