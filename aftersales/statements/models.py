"""A channel's statement: the file as it came, its rows, and where they differ from our books."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from aftersales.statements.enums import DifferenceKind, DifferenceState, FileState, RowKind
from merchant.encryption.fields import EncryptedBytes
from merchant.people.querysets import ShopQuerySet


class StatementFile(models.Model):
    """One statement, fetched or uploaded, sealed. `from_date`…`to_date` are the whole days it covers (Shanghai)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    channel = models.CharField(_("channel"), max_length=24, blank=True, default="")
    name = models.CharField(_("file name"), max_length=200)
    digest = models.CharField(max_length=64)
    body = EncryptedBytes(null=True)
    state = models.CharField(_("state"), max_length=12, choices=FileState, default=FileState.WAITING)
    error = models.CharField(_("error"), max_length=300, blank=True, default="")
    # How often a worker began to read it: one that breaks off every time is refused in words.
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    layout = models.CharField(_("layout"), max_length=40, blank=True, default="")
    from_date = models.DateField(_("from"), null=True)
    to_date = models.DateField(_("until"), null=True)
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    new_count = models.PositiveIntegerField(_("new rows"), default=0)
    refused_count = models.PositiveIntegerField(_("refused rows"), default=0)
    # [[row number, reason], …], the first of them: one bad row never stops the rest.
    refused = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    created_at = models.DateTimeField(_("came"), db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [models.UniqueConstraint(fields=["shop", "digest"], name="statement_file_once")]
        indexes = [
            models.Index(fields=["shop", "created_at"], name="statement_file_list"),
            models.Index(fields=["created_at"], name="statement_file_due", condition=models.Q(state=FileState.WAITING)),
        ]

    def __str__(self) -> str:
        return self.name


class StatementRow(models.Model):
    """One movement of money as the channel tells it. `refund` is filled when it is held against ours."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    file = models.ForeignKey(StatementFile, models.PROTECT, db_index=False, related_name="rows")
    channel = models.CharField(_("channel"), max_length=24)
    row_no = models.PositiveIntegerField()
    flow_number = models.CharField(_("channel's flow number"), max_length=64)
    booked_at = models.DateTimeField(_("booked at"))
    book_date = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=16, choices=RowKind)
    amount_fen = models.BigIntegerField(_("amount"))
    # The channel's number of the refund, and ours where the statement carries it.
    channel_number = models.CharField(max_length=64, blank=True, db_default="")
    our_number = models.CharField(max_length=64, blank=True, db_default="")
    # How many rows before it in its file are the same in every value.
    nth = models.PositiveSmallIntegerField(default=0, db_default=0)
    refund = models.ForeignKey("aftersales.Refund", models.PROTECT, null=True, related_name="statement_rows")

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement row")
        verbose_name_plural = _("statement rows")
        constraints = [
            # Channels give several rows one number: a payment, its fee and its part refunds.
            models.UniqueConstraint(
                fields=[
                    "shop",
                    "channel",
                    "flow_number",
                    "booked_at",
                    "kind",
                    "amount_fen",
                    "channel_number",
                    "our_number",
                    "nth",
                ],
                name="statement_row_once",
            ),
            models.CheckConstraint(name="statement_row_positive", condition=models.Q(amount_fen__gte=0)),
        ]
        indexes = [models.Index(fields=["shop", "channel", "book_date"], name="statement_row_day")]


class DifferenceQuerySet(ShopQuerySet):
    def open(self) -> Self:
        return self.filter(state=DifferenceState.OPEN)


class Difference(models.Model):
    """One payment about which the channel and our books disagree, until a person or a later statement ends it."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    channel = models.CharField(_("channel"), max_length=24)
    kind = models.CharField(_("kind"), max_length=16, choices=DifferenceKind)
    # The flow number, or our refund's where the statement has none: what the disagreement is about.
    document = models.CharField(max_length=64)
    book_date = models.DateField(_("day"))
    theirs_fen = models.BigIntegerField(_("the channel's amount"))
    ours_fen = models.BigIntegerField(_("our amount"))
    row = models.ForeignKey(StatementRow, models.PROTECT, null=True, db_index=False, related_name="differences")
    refund = models.ForeignKey(
        "aftersales.Refund", models.PROTECT, null=True, db_index=False, related_name="differences"
    )
    state = models.CharField(_("state"), max_length=12, choices=DifferenceState, default=DifferenceState.OPEN)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    # A write-off is asked for by one person and confirmed by another.
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    settled_at = models.DateTimeField(_("settled at"), null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = DifferenceQuerySet.as_manager()
    buyer_path = "refund__order__buyer"

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.UniqueConstraint(fields=["shop", "channel", "kind", "document"], name="difference_once"),
            models.CheckConstraint(
                name="difference_written_off_by_two",
                condition=~models.Q(state=DifferenceState.WRITTEN_OFF)
                | (
                    models.Q(filed_by__isnull=False, settled_by__isnull=False)
                    & ~models.Q(filed_by=models.F("settled_by"))
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "book_date"], name="difference_open", condition=models.Q(state=DifferenceState.OPEN)
            ),
            models.Index(fields=["shop", "created_at"], name="difference_list"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.document}"

    @property
    def gap_fen(self) -> int:
        """What the channel moved beyond our books; negative when it moved less."""
        return self.theirs_fen - self.ours_fen
