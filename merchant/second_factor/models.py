import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.encryption.fields import EncryptedBytes
from merchant.people.models import User


class SecondFactor(models.Model):
    """A person's authenticator app (TOTP, RFC 6238). It counts from the first code that proves it, when its mark is
    written to the person; a session that showed a code holds the same mark."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    mark = models.UUIDField(default=uuid.uuid4)
    secret = EncryptedBytes()
    confirmed_at = models.DateTimeField(_("in use since"), null=True)
    # The thirty seconds of the code used last: each works once.
    last_step = models.BigIntegerField(default=0)
    # Digests of the recovery codes not used yet.
    recovery = ArrayField(models.CharField(max_length=64), default=list)
    wrong = models.PositiveSmallIntegerField(default=0)
    wrong_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("two-step sign-in")
        verbose_name_plural = _("two-step sign-ins")

    def __str__(self) -> str:
        return str(self.user)
