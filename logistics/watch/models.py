from django.db import models
from django.utils.translation import gettext_lazy as _


class Priority(models.IntegerChoices):
    """How closely a parcel is watched."""

    ORDINARY = 0, _("ordinary")
    OPEN_INTERCEPTION = 1, _("open interception")


class Watch(models.Model):
    """One parcel that is looked after. `next_at` is also the lease: claiming a row pushes it forward, so a dead
    worker's rows simply come due again. The row goes when the parcel's life ends."""

    package = models.OneToOneField(
        "logistics.Package", models.CASCADE, primary_key=True, db_index=False, related_name="watch"
    )
    account = models.ForeignKey("merchant.CourierAccount", models.PROTECT, db_index=False, related_name="+")
    priority = models.SmallIntegerField(choices=Priority, db_default=Priority.ORDINARY)
    next_at = models.DateTimeField()
    interval_s = models.PositiveIntegerField(db_default=0)
    # Answers in a row that brought nothing new.
    misses = models.PositiveIntegerField(db_default=0)
    # The moment the present priority began: an open interception is watched most closely in its first hour.
    since_at = models.DateTimeField()
    # When the courier promised to push this parcel's scans; empty while it has not.
    subscribed_at = models.DateTimeField(null=True)
    # How often the courier gave up pushing and was asked to push again.
    renewals = models.PositiveSmallIntegerField(db_default=0)
    # Of the last answer that was written down whole: the same words again hold nothing new. Empty until there is one.
    answer_hash = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("watched parcel")
        verbose_name_plural = _("watched parcels")
        indexes = [models.Index(fields=["account", "next_at"], name="watch_due")]


class AccountHealth(models.Model):
    """How polling one courier account goes: what the operations page and the circuit breaker read."""

    account = models.OneToOneField(
        "merchant.CourierAccount", models.CASCADE, primary_key=True, db_index=False, related_name="pulse"
    )
    polled_count = models.BigIntegerField(_("polled"), db_default=0)
    error_count = models.BigIntegerField(_("errors"), db_default=0)
    # Errors in a row; any answer sets it back.
    streak = models.PositiveIntegerField(db_default=0)
    # How often the breaker opened since the last answer: each time it stays open longer.
    trips = models.PositiveIntegerField(db_default=0)
    last_ok_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("courier account pulse")
        verbose_name_plural = _("courier account pulses")


class HealthSlice(models.Model):
    """How many questions one courier account asked, and how many failed, in the five minutes from `start_at`."""

    shop = models.ForeignKey("merchant.Shop", models.CASCADE, db_index=False, related_name="+")
    account = models.ForeignKey("merchant.CourierAccount", models.CASCADE, db_index=False, related_name="+")
    start_at = models.DateTimeField()
    asked_count = models.PositiveIntegerField(db_default=0)
    error_count = models.PositiveIntegerField(db_default=0)

    class Meta:
        verbose_name = _("questions of a courier account")
        verbose_name_plural = _("questions of courier accounts")
        constraints = [models.UniqueConstraint(fields=["account", "start_at"], name="pulse_slice_once")]
        indexes = [models.Index(fields=["start_at"], name="pulse_slice_age")]
