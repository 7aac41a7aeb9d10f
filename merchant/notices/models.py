from contextlib import suppress
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from merchant.notices.events import event_of
from merchant.people.querysets import ShopQuerySet
from merchant.people.rights import memberships_of


class NoticeQuerySet(ShopQuerySet):
    def visible_to(self, user: Any, *, many: bool = False) -> Self:
        """One's own, of the shops one works in; a shop that somebody has left tells them nothing more."""
        return self.filter(user=user, shop_id__in=sorted(memberships_of(user)))

    def seen_in(self, shop_id: int, user: Any, *, many: bool = False) -> Self:
        return self.visible_to(user).filter(shop_id=shop_id)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notice(models.Model):
    """One person is told of one fact, once: `key` tells two facts of an event apart. `values` fill its sentence and
    hold no personal data; `page` and `subject` are the URL name and number of the row it is about, "" where none is."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+")
    event = models.CharField(_("event"), max_length=40)
    key = models.CharField(max_length=80)
    values = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    page = models.CharField(max_length=40, blank=True, db_default="")
    subject = models.CharField(max_length=40, blank=True, db_default="")
    created_at = models.DateTimeField(_("told at"), db_default=Now())
    read_at = models.DateTimeField(_("read at"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["user", "shop", "event", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_list"),
            models.Index(fields=["user", "-id"], condition=models.Q(read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["created_at"], name="notice_age"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """What happened, in the language of whoever reads."""
        event = event_of(self.event)
        return event.say(self.values) if event is not None else self.event

    @property
    def label(self) -> str:
        event = event_of(self.event)
        return str(event.label) if event is not None else self.event

    @property
    def path(self) -> str:
        """Where it leads to, "" for nowhere."""
        with suppress(NoReverseMatch):
            return reverse(self.page, args=[self.shop_id, self.subject]) if self.page else ""
        return ""

    @property
    def is_read(self) -> bool:
        return self.read_at is not None
