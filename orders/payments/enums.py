from django.db import models
from django.utils.translation import gettext_lazy as _


class PayChannel(models.TextChoices):
    """Where the buyer's money came through, and where a refund of it goes back."""

    KUAISHOU = "kuaishou", _("Kuaishou")
    DOUYIN = "douyin", _("Douyin")
    PINDUODUO = "pinduoduo", _("Pinduoduo")
    TAOBAO = "taobao", _("Taobao / Tmall")
    JD = "jd", _("JD")
    WECHAT = "wechat", _("WeChat shop")
    WECHAT_PAY = "wechat_pay", _("WeChat Pay")
    ALIPAY = "alipay", _("Alipay")
    BANK_CARD = "bank_card", _("bank card")
    BANK_SLIP = "bank_slip", _("bank slip")
    VOUCHER = "voucher", _("voucher")
    OFFLINE = "offline", _("offline")
    OTHER = "other", _("other")


class PaymentState(models.TextChoices):
    PAID = "paid", _("paid")
    LATE = "late", _("paid after closing")


class DiscountKind(models.TextChoices):
    SHOP = "shop", _("shop discount")
    PLATFORM = "platform", _("platform subsidy")
    HOST = "host", _("host's discount")


class Bearer(models.TextChoices):
    """Who bears a discount (M1)."""

    SHOP = "shop", _("shop")
    PLATFORM = "platform", _("platform")
