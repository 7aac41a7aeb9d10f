import uuid
from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.clock import now
from merchant.people.querysets import ShopQuerySet


class Recipient(models.Model):
    """Who gets a parcel. Immutable but for key rotation and shredding: a corrected address is a new row."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    # Bound into every ciphertext of the row, known before the insert.
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    key_id = models.CharField(max_length=32)
    name_enc = models.BinaryField(null=True)
    phone_enc = models.BinaryField(null=True)
    address_enc = models.BinaryField(null=True)
    virtual_phone_enc = models.BinaryField(null=True)
    # From then on the virtual number reaches nobody, or somebody else. Null: the platform names no end.
    virtual_until = models.DateTimeField(null=True)
    name_mask = models.CharField(_("name"), max_length=40, blank=True, db_default="")
    phone_mask = models.CharField(_("phone"), max_length=40, blank=True, db_default="")
    address_mask = models.CharField(_("address"), max_length=120, blank=True, db_default="")
    province = models.CharField(max_length=40, blank=True, db_default="")
    city = models.CharField(max_length=40, blank=True, db_default="")
    region_code = models.CharField(max_length=12, blank=True, db_default="")
    phone_bidx = models.BinaryField(max_length=16, null=True)
    phone4_bidx = models.BinaryField(max_length=16, null=True)
    name_bidx = models.BinaryField(max_length=16, null=True)
    address_bidx = models.BinaryField(max_length=16, null=True)
    # Set where a person corrected what a source gave: the source's own row (itself when the source gave none).
    corrects = models.ForeignKey("self", models.PROTECT, null=True, db_index=False, related_name="+")
    shredded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        indexes = [
            models.Index(fields=["shop", "phone_bidx"], name="recipient_phone"),
            models.Index(fields=["shop", "phone4_bidx"], name="recipient_phone4"),
            models.Index(fields=["shop", "name_bidx"], name="recipient_name"),
            models.Index(
                fields=["key_id", "id"], name="recipient_rotation", condition=models.Q(shredded_at__isnull=True)
            ),
            models.Index(fields=["corrects"], name="recipient_corrected", condition=models.Q(corrects__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name_mask} {self.phone_mask}"

    @property
    def contact_field(self) -> str:
        """What the eye beside the number opens first (PII-VIRTUAL): the virtual one where there is one, unless it has
        ended and the buyer's own is held."""
        has_better = self.virtual_phone_enc is None or (self.is_virtual_over and self.has_phone)
        return "phone" if has_better else "virtual_phone"

    @property
    def is_virtual_over(self) -> bool:
        """Whether there is a virtual number that no longer leads to the buyer."""
        return self.virtual_phone_enc is not None and self.virtual_until is not None and self.virtual_until <= now()

    @property
    def contact_mask(self) -> str:
        """What stands for the number before anybody asks, also where only a virtual one was given."""
        return self.phone_mask or ("" if self.virtual_phone_enc is None else "*" * 11)

    @property
    def has_phone(self) -> bool:
        """Whether the buyer's own number is held here; some platforms give it masked only."""
        return self.phone_enc is not None


class RevealVerdict(models.TextChoices):
    SHOWN = "shown", _("shown")
    CLOSED_14D = "closed_14d", _("order closed for 14 days")
    QUOTA_EMPTY = "quota_empty", _("quota used up")
    NOT_HELD = "not_held", _("not held here")
    RIGHT = "right", _("no right to")


class PiiReveal(models.Model):
    """Every look through the one door, and every look refused. Append-only."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    recipient = models.ForeignKey(Recipient, models.PROTECT, db_index=False, related_name="+")
    order_number = models.CharField(max_length=64)
    field = models.CharField(max_length=16)
    cost = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=16, choices=RevealVerdict)
    reason = models.CharField(max_length=200, blank=True, db_default="")
    at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()
    doer_path = "user"

    class Meta:
        verbose_name = _("look at personal data")
        verbose_name_plural = _("looks at personal data")
        indexes = [
            models.Index(fields=["shop", "order_number", "at"], name="pii_reveal_order"),
            models.Index(fields=["shop", "at", "id"], name="pii_reveal_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.order_number} {self.field} {self.verdict}"


class PiiQuotaDay(models.Model):
    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    quota = models.PositiveIntegerField()
    extra = models.PositiveIntegerField(default=0, db_default=0)
    used = models.PositiveIntegerField(default=0, db_default=0)

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "day"], name="pii_quota_day_once"),
            models.CheckConstraint(
                name="pii_quota_kept", condition=models.Q(used__lte=models.F("quota") + models.F("extra"))
            ),
        ]


class PiiCounted(models.Model):
    """An order counted today already: its other fields cost nothing more."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    order_number = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "day", "order_number"], name="pii_counted_once")]


class SearchKind(models.TextChoices):
    PHONE = "phone", _("whole phone")
    LAST_FOUR = "phone4", _("last four digits")
    NAME = "name", _("name")


class PiiSearch(models.Model):
    """Who searched for which number or name on a day (PII-SEARCH); what was typed is a blind index and masked."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    kind = models.CharField(max_length=8, choices=SearchKind)
    bidx = models.BinaryField(max_length=16)
    mask = models.CharField(max_length=40)
    found = models.PositiveIntegerField()
    is_refused = models.BooleanField()
    at = models.DateTimeField(db_default=Now())

    objects = ShopQuerySet.as_manager()
    doer_path = "user"

    class Meta:
        verbose_name = _("search by phone or name")
        verbose_name_plural = _("searches by phone or name")
        constraints = [models.UniqueConstraint(fields=["shop", "user", "day", "kind", "bidx"], name="pii_search_once")]
        indexes = [models.Index(fields=["shop", "at", "id"], name="pii_search_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.mask}"


class QuotaState(models.TextChoices):
    ASKED = "asked", _("waits for the shop's owner")
    APPLIED = "applied", _("waits for the platform administrator")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")


OPEN_QUOTA = (QuotaState.ASKED, QuotaState.APPLIED)
# More than any shop looks up by hand in a day: a slip of the finger, not a wish.
MOST_WANTED = 9_999


class QuotaRequestQuerySet(ShopQuerySet):
    def open_on(self, day: date) -> Self:
        """Still to be decided; a request of an earlier day has lapsed (T-PII-DAY)."""
        return self.filter(day=day, state__in=OPEN_QUOTA)


class QuotaRequest(models.Model):
    """Somebody wants more looks for one day (PII-EXTRA): asked of the owner, applied for by the owner, then decided."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    day = models.DateField(_("day"))
    wanted = models.PositiveIntegerField(_("looks wanted"))
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=QuotaState)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    applied_at = models.DateTimeField(_("applied at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.CharField(_("answer"), max_length=200, blank=True, default="")

    objects = QuotaRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for more looks")
        verbose_name_plural = _("requests for more looks")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "day", "asked_by"],
                name="quota_request_one_open",
                condition=models.Q(state__in=OPEN_QUOTA),
            ),
            models.CheckConstraint(name="quota_request_state", condition=models.Q(state__in=QuotaState.values)),
            models.CheckConstraint(
                name="quota_request_wanted", condition=models.Q(wanted__gte=1, wanted__lte=MOST_WANTED)
            ),
            models.CheckConstraint(
                name="quota_request_decided",
                condition=models.Q(state__in=OPEN_QUOTA, decided_at__isnull=True)
                | models.Q(state=QuotaState.APPROVED, decided_at__isnull=False, applied_at__isnull=False)
                | (models.Q(state=QuotaState.REFUSED, decided_at__isnull=False) & ~models.Q(answer="")),
            ),
        ]
        indexes = [models.Index(fields=["shop", "created_at", "id"], name="quota_request_newest")]

    def __str__(self) -> str:
        return f"{self.day} +{self.wanted} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_QUOTA
