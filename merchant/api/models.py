from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.api.enums import ApiScope
from merchant.clock import now
from merchant.people.querysets import ShopQuerySet


class ApiTokenQuerySet(ShopQuerySet):
    def usable(self) -> Self:
        """Neither revoked nor past their last day."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now()), revoked_at__isnull=True)


class ApiToken(models.Model):
    """One program's key to one shop, in one person's name: it can do what the scopes say and that person may.

    Only a digest of the secret is kept. It is 256 random bits, so SHA-256 without salt or stretching is enough, and
    a request is answered with one look at a unique index."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=60)
    # The beginning of the secret, shown so that people can tell which one a program holds.
    prefix = models.CharField(_("begins with"), max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=24, choices=ApiScope), verbose_name=_("scopes"))
    created_at = models.DateTimeField(_("made at"), db_default=Now())
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    # Written once a minute at most.
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    last_used_ip = models.GenericIPAddressField(_("last used from"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "user", "name"], name="api_token_name_once", condition=Q(revoked_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= now()


class IdempotentAnswer(models.Model):
    """What a verb answered under one `Idempotency-Key`, kept for a day. `status` 0: it is being worked on, or nobody
    heard the end of it."""

    token = models.ForeignKey(ApiToken, models.CASCADE, db_index=False, related_name="+")
    key = models.CharField(max_length=64)
    # Of method, path and content: the same key for another request is a mistake of the caller's.
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=40, blank=True, default="")
    body = models.TextField(blank=True, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotent_answer_once")]
        indexes = [models.Index(fields=["at"], name="idempotent_answer_age")]

    def __str__(self) -> str:
        return self.key
