import base64
import hashlib
import hmac
import secrets
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchant.carriers.registry import name_of
from merchant.encryption.fields import EncryptedJSON
from merchant.people.models import AgentScope, SecondFactorFor
from merchant.people.querysets import ShopQuerySet
from merchant.people.visibility import shops_of
from merchant.shops.enums import ConnectionState


class Platform(models.TextChoices):
    KUAISHOU = "kuaishou", _("Kuaishou")
    DOUYIN = "douyin", _("Douyin")
    WECHAT = "wechat", _("WeChat shop")
    TAOBAO = "taobao", _("Taobao / Tmall")
    PINDUODUO = "pinduoduo", _("Pinduoduo")
    JD = "jd", _("JD")
    OWN = "own", _("own channel")
    OTHER = "other", _("other")


class ShopState(models.TextChoices):
    NORMAL = "normal", _("in normal operation")
    SUSPENDED = "suspended", _("suspended")
    CLOSED = "closed", _("closed")


class ShopsQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        return self.filter(pk__in=shops_of(user))


class Shop(models.Model):
    platform = models.CharField(_("platform"), max_length=16, choices=Platform)
    external_id = models.CharField(_("id on the platform"), max_length=64)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=16, choices=ShopState, default=ShopState.NORMAL)
    is_cross_border = models.BooleanField(_("cross-border"), default=False)
    # The policy's setting of this name, written here with each new version: who sees what is then read from the
    # memberships and their shops alone.
    agent_scope = models.CharField(
        _("agents see"),
        max_length=8,
        choices=AgentScope,
        default=AgentScope.OWN,
        db_default=AgentScope.OWN,
        # The policy service writes it with each version that changes it.
        editable=False,
    )
    second_factor = models.CharField(
        _("asks for two-step sign-in"),
        max_length=8,
        choices=SecondFactorFor,
        default=SecondFactorFor.NOBODY,
        db_default=SecondFactorFor.NOBODY,
        # The policy service writes it like the scope.
        editable=False,
    )
    # Steps of the way to the first stopped parcel that somebody put off (cs_workbench.start).
    setup_skipped = ArrayField(models.CharField(max_length=16), default=list, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ShopsQuerySet.as_manager()

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        constraints = [models.UniqueConstraint(fields=["platform", "external_id"], name="shop_once")]

    def __str__(self) -> str:
        return self.name


class AgreementKind(models.TextChoices):
    INTERCEPT = "intercept", _("parcel interception service")


class Agreement(models.Model):
    """A signed service agreement. Revoking closes the row; signing again makes a new one (E03)."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="agreements")
    kind = models.CharField(max_length=16, choices=AgreementKind)
    version = models.CharField(_("version"), max_length=16)
    signed_at = models.DateTimeField(_("signed at"))
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "kind"], name="agreement_one_in_force", condition=models.Q(revoked_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"


def new_push_seed() -> str:
    return secrets.token_urlsafe(18)


def push_digest_of(token: str) -> str:
    """What the database knows of a push address."""
    return hashlib.sha256(token.encode()).hexdigest()


class Account(models.Model):
    """Credentials towards one outside party. Secrets are written, never shown."""

    name = models.CharField(_("name"), max_length=60, blank=True)
    secrets = EncryptedJSON(_("secrets"), default=dict)
    # The address of this account's push door follows from the seed and a key that is not in the database, so it can be
    # shown again; it is found by its digest. Whoever reads the table knows no address.
    push_seed = models.CharField(max_length=32, default=new_push_seed)
    push_digest = models.CharField(max_length=64, unique=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What came back when somebody last asked whether this account works (merchant.shops.connection).
    connection = models.CharField(
        _("connection"), max_length=8, choices=ConnectionState, blank=True, default="", db_default="", editable=False
    )
    connection_at = models.DateTimeField(null=True, blank=True, editable=False)
    connection_words = models.CharField(max_length=300, blank=True, default="", db_default="", editable=False)

    objects = ShopQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The digest goes with the seed, whoever writes it."""
        self.push_digest = push_digest_of(self.push_token)
        if kwargs.get("update_fields") and "push_seed" in kwargs["update_fields"]:
            kwargs["update_fields"] = {*kwargs["update_fields"], "push_digest"}
        super().save(*args, **kwargs)

    @property
    def push_token(self) -> str:
        """The unguessable end of this account's push address."""
        key = hashlib.sha256(b"push address:" + settings.PII_INDEX_KEY.encode()).digest()
        digest = hmac.new(key, self.push_seed.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:24]).decode()


class CourierAccount(Account):
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="courier_accounts")
    courier = models.CharField(_("courier"), max_length=16)
    # "" for the courier's own interface; the parcel stays the courier's whichever way it is asked about.
    via = models.CharField(_("asked through"), max_length=16, blank=True, default="", db_default="")
    customer_code = models.CharField(_("customer code"), max_length=64)
    has_ewaybill = models.BooleanField(_("platform e-waybill enabled"), default=False)
    # {"intercept_fee_fen": 300, "back_freight_fen": 450}: estimates until the courier bills (M13).
    rate_card = models.JSONField(_("rate card (fen)"), default=dict, blank=True)
    rate_per_second = models.PositiveIntegerField(_("requests per second"), default=20)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pause_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("courier account")
        verbose_name_plural = _("courier accounts")
        constraints = [
            models.UniqueConstraint(fields=["shop", "courier", "via", "customer_code"], name="courier_account_once")
        ]

    def __str__(self) -> str:
        return self.name or f"{name_of(self.courier)} {self.customer_code}"


class PlatformAccount(Account):
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="platform_accounts")
    platform = models.CharField(_("platform"), max_length=16)
    app_key = models.CharField(_("app key"), max_length=64)
    # Refunds changed up to here have been pulled; the next pull starts a little before it.
    pulled_until = models.DateTimeField(null=True, blank=True)
    last_pull_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("platform account")
        verbose_name_plural = _("platform accounts")
        constraints = [models.UniqueConstraint(fields=["shop", "platform", "app_key"], name="platform_account_once")]

    def __str__(self) -> str:
        return self.name or f"{self.platform} {self.app_key}"
