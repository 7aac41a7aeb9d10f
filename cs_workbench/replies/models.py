from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from merchant.people.querysets import ShopQuerySet

TITLE_LENGTH, TEXT_LENGTH = 40, 500


class QuickReplyQuerySet(ShopQuerySet):
    def visible_to(self, user: Any, *, many: bool = False) -> Self:
        """Shared by the shop, or one's own: a colleague's own replies are not there."""
        return super().visible_to(user, many=many).filter(Q(owner=None) | Q(owner=user))

    def in_order(self) -> Self:
        return self.order_by("position", "pk")

    def beside(self, reply: "QuickReply") -> Self:
        """The list a reply stands in: the shop's shared ones or one person's own."""
        return self.filter(shop_id=reply.shop_id, owner_id=reply.owner_id)


class QuickReply(models.Model):
    """快捷回复: a text with variables (`variables.py`), copied into the chat. Without an owner the shop shares it."""

    shop = models.ForeignKey("merchant.Shop", models.PROTECT, db_index=False, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    text = models.CharField(_("text"), max_length=TEXT_LENGTH)
    position = models.PositiveSmallIntegerField(_("place"), default=0, db_default=0)
    is_active = models.BooleanField(_("in use"), default=True, db_default=True)
    used_count = models.PositiveIntegerField(_("times copied"), default=0, db_default=0)
    created_at = models.DateTimeField(_("written at"), db_default=Now())
    updated_at = models.DateTimeField(_("changed at"), db_default=Now())

    objects = QuickReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("quick reply")
        verbose_name_plural = _("quick replies")
        indexes = [models.Index(fields=["shop", "owner", "position"], name="quick_reply_list")]

    def __str__(self) -> str:
        return self.title
