from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet


class LedgerAccount(models.TextChoices):
    PLATFORM_RECEIVABLE = "platform_receivable", _("platform receivable")
    REFUNDS_PAYABLE = "refunds_payable", _("refunds payable")
    REFUNDS_PAID = "refunds_paid", _("refunds paid")
    PLATFORM_SUBSIDY = "platform_subsidy", _("platform subsidy")
    COURIER_COST = "courier_cost", _("courier cost")
    COURIER_PAYABLE = "courier_payable", _("courier payable")
    CLAIMS_RECEIVABLE = "claims_receivable", _("claims receivable")
    LOSS = "loss", _("loss")
    OFFLINE_PAYOUTS = "offline_payouts", _("offline payouts")
    GOODS = "goods", _("goods written off")
    COURIER_RECEIPTS = "courier_receipts", _("received from couriers")


class LedgerEntry(models.Model):
    """One transfer: debit, credit, amount. Balanced by construction, append-only; a reversal is a new row, swapped."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    debit = models.CharField(max_length=24, choices=LedgerAccount)
    credit = models.CharField(max_length=24, choices=LedgerAccount)
    amount_fen = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    document = models.CharField(max_length=64)
    leg = models.PositiveSmallIntegerField(default=0)
    order_number = models.CharField(max_length=64, blank=True, db_default="")
    book_date = models.DateField()
    is_estimated = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        constraints = [
            models.UniqueConstraint(fields=["shop", "kind", "document", "leg"], name="ledger_once"),
            models.CheckConstraint(name="ledger_amount_positive", condition=models.Q(amount_fen__gt=0)),
            models.CheckConstraint(name="ledger_two_accounts", condition=~models.Q(debit=models.F("credit"))),
        ]
        indexes = [
            models.Index(fields=["shop", "order_number"], name="ledger_order"),
            models.Index(fields=["shop", "book_date"], name="ledger_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.document} {self.debit}→{self.credit} {self.amount_fen}"
