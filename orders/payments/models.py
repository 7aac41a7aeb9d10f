from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet
from orders.payments.enums import Bearer, DiscountKind, PayChannel, PaymentState


class Payment(models.Model):
    """Money that reached a channel for an order. `channel_number` is the channel's own; where a source does not give
    it, it is the order number (with `-n` for the n-th payment), which is what platforms refund by."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="payments")
    channel = models.CharField(_("channel"), max_length=24, choices=PayChannel)
    channel_number = models.CharField(_("channel number"), max_length=80)
    amount_fen = models.BigIntegerField(_("amount"))
    state = models.CharField(
        _("state"), max_length=24, choices=PaymentState, default=PaymentState.PAID, db_default="paid"
    )
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            # The order belongs to the key: one payment at the channel may pay several orders placed together.
            models.UniqueConstraint(fields=["shop", "channel", "channel_number", "order"], name="payment_once"),
            models.CheckConstraint(name="payment_positive", condition=Q(amount_fen__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.channel_number}"

    @property
    def trade_fen(self) -> int:
        """What was paid under this number in all: one payment at the channel may pay several orders placed together."""
        rows = Payment.objects.filter(shop=self.shop_id, channel=self.channel, channel_number=self.channel_number)
        return int(rows.aggregate(fen=models.Sum("amount_fen"))["fen"])


class OrderDiscount(models.Model):
    """A discount and who bears it. A shop coupon comes back only with a whole-order refund before shipping (M6)."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="discounts")
    kind = models.CharField(_("kind"), max_length=16, choices=DiscountKind)
    bearer = models.CharField(_("borne by"), max_length=16, choices=Bearer)
    amount_fen = models.BigIntegerField(_("amount"))
    coupon_number = models.CharField(_("coupon"), max_length=64, blank=True, default="", db_default="")
    restored_at = models.DateTimeField(_("given back at"), null=True, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "coupon_number"], name="discount_once"),
            models.CheckConstraint(name="discount_positive", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount_fen}"
