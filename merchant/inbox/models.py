from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.encryption.fields import EncryptedBytes
from merchant.people.querysets import ShopQuerySet


class InboxVerdict(models.TextChoices):
    VERIFIED = "verified", _("verified")
    FORGED = "forged", _("forged: the signature is wrong")
    MALFORMED = "malformed", _("malformed")
    OVERSIZED = "oversized", _("too large")
    FOREIGN = "foreign", _("another account's")
    THROTTLED = "throttled", _("too many at once")
    REPLAYED = "replayed", _("replayed")
    UNFIT = "unfit", _("not taken: a value does not fit")
    STRAY = "stray", _("not taken: about another parcel")


class InboxMessage(models.Model):
    """A push as it arrived, sealed, before anybody read it. Never updated; received twice is stored twice."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, null=True, db_index=False, related_name="+")
    source = models.CharField(_("source"), max_length=32)
    account_id = models.BigIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = EncryptedBytes()
    size = models.PositiveIntegerField(default=0, db_default=0)
    verdict = models.CharField(_("verdict"), max_length=16, choices=InboxVerdict)
    event_key = models.CharField(max_length=64, blank=True, db_default="")
    received_at = models.DateTimeField(_("received"), db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("incoming message")
        verbose_name_plural = _("incoming messages")
        indexes = [
            models.Index(fields=["received_at"], name="inbox_received"),
            models.Index(fields=["source", "account_id", "received_at"], name="inbox_account"),
            # "Was this very event here before?", asked once a push.
            models.Index(
                fields=["source", "account_id", "event_key"],
                name="inbox_event_key",
                condition=models.Q(verdict="verified") & ~models.Q(event_key=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk} {self.verdict}"


class InboxTask(models.Model):
    """What is still to do about a message: deleted when done, parked for a person when it will not go."""

    message = models.OneToOneField(InboxMessage, models.CASCADE, primary_key=True, related_name="task")
    source = models.CharField(max_length=32)
    next_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    error = models.TextField(blank=True, db_default="")
    is_parked = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("message to work on")
        verbose_name_plural = _("messages to work on")
        indexes = [models.Index(fields=["next_at"], name="inbox_task_due", condition=models.Q(is_parked=False))]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"
