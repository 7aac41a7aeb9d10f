from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.encryption.fields import EncryptedBytes
from merchant.people.querysets import ShopQuerySet


class ImportFile(models.Model):
    """An uploaded file as it came, sealed: any worker on any machine can read it, the purge takes it after N days."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    job = models.ForeignKey("merchant.Job", models.CASCADE, related_name="files")
    name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    digest = models.CharField(_("digest"), max_length=64)
    body = EncryptedBytes(null=True)
    # Its first rows, for whoever maps its columns by hand; purged with the body.
    sample = EncryptedBytes(null=True)
    uploaded_at = models.DateTimeField(db_default=Now())
    purged_at = models.DateTimeField(null=True, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")

    def __str__(self) -> str:
        return self.name


class ShopLayout(models.Model):
    """A layout this shop mapped by hand. `body` is what a file of `profiles/` holds."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    title = models.CharField(_("name"), max_length=60)
    body = models.JSONField(default=dict)
    by = models.ForeignKey("merchant.User", models.PROTECT, null=True, db_index=False, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("layout of a shop")
        verbose_name_plural = _("layouts of shops")
        constraints = [models.UniqueConstraint(fields=["shop", "title"], name="shop_layout_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def name(self) -> str:
        """By which an import names it."""
        return f"own-{self.pk}"


class SyncCursor(models.Model):
    """How far one stream of a platform account has been read. The lease is also the fence: a pull whose lease was
    taken over writes nothing more."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    account = models.ForeignKey("merchant.PlatformAccount", models.CASCADE, db_index=False, related_name="cursors")
    stream = models.CharField(_("stream"), max_length=16)
    # Everything changed up to here is read. What changed before `from_at` comes from files and is not asked for.
    watermark_at = models.DateTimeField(_("read up to"), null=True, blank=True)
    from_at = models.DateTimeField(_("read from"), null=True, blank=True)
    # An unfinished span and the platform's own page cursor in it; empty between two pulls that came to their end.
    cursor = models.CharField(max_length=200, blank=True, default="", db_default="")
    span_from_at = models.DateTimeField(null=True, blank=True)
    span_until_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_pull_at = models.DateTimeField(_("last pull"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    # Orders created or updated by the last pull, and how far the watermark lay behind when it ended.
    taken = models.PositiveIntegerField(_("orders taken"), default=0, db_default=0)
    lag_s = models.PositiveIntegerField(_("lag in seconds"), default=0, db_default=0)
    error = models.CharField(_("error"), max_length=300, blank=True, default="", db_default="")

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("pull of a platform")
        verbose_name_plural = _("pulls of platforms")
        constraints = [models.UniqueConstraint(fields=["account", "stream"], name="sync_cursor_once")]

    def __str__(self) -> str:
        return f"{self.stream} {self.account_id}"


class OrderPayload(models.Model):
    """One version of an order word for word as the platform told it, sealed; purged after N days (R1.3)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    number = models.CharField(_("order number"), max_length=64)
    source = models.CharField(_("source"), max_length=32)
    digest = models.BinaryField(max_length=16)
    body = EncryptedBytes()
    received_at = models.DateTimeField(_("received"), db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("order as the platform told it")
        verbose_name_plural = _("orders as the platform told them")
        constraints = [models.UniqueConstraint(fields=["shop", "number", "digest"], name="order_payload_once")]
        indexes = [models.Index(fields=["shop", "received_at"], name="order_payload_age")]

    def __str__(self) -> str:
        return f"{self.source} {self.number}"


class MissedOrder(models.Model):
    """An order the platform has and we could not take. Tried again ever more rarely, then it waits for a person;
    the row goes when the order is here."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    account = models.ForeignKey("merchant.PlatformAccount", models.CASCADE, db_index=False, related_name="missed")
    number = models.CharField(_("order number"), max_length=64)
    reason = models.CharField(_("reason"), max_length=300)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, db_default=0)
    next_at = models.DateTimeField(_("tried again"), null=True, blank=True)
    first_at = models.DateTimeField(_("missed since"), db_default=Now())
    last_at = models.DateTimeField(_("last tried"))

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("missed order")
        verbose_name_plural = _("missed orders")
        constraints = [models.UniqueConstraint(fields=["account", "number"], name="missed_order_once")]

    def __str__(self) -> str:
        return self.number
