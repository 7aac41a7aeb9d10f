"""Quick replies written, put in order, switched off and counted."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from cs_workbench.replies import policies, variables
from cs_workbench.replies.defaults import default_texts
from cs_workbench.replies.models import TEXT_LENGTH, TITLE_LENGTH, QuickReply
from merchant.clock import now
from merchant.locking import lock, lock_all
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.trail import activity

# A list longer than this is not read any more, and every desk page fills it.
MOST = 60


@transaction.atomic
def add_reply(shop: Shop, *, owner: Any, title: str, text: str, by: Actor) -> QuickReply:
    """At the end of its list. The first shared one brings the default set with it, which the shop has used so far."""
    reply = _with(QuickReply(shop=shop, owner=owner), title, text)
    policies.check_can_edit(reply, by)
    lock(shop)
    if owner is None:
        _make_defaults(shop)
    beside = lock_all(QuickReply.objects.beside(reply))
    if len(beside) >= MOST:
        raise Refused("REPLIES", _("A list holds at most %(n)d replies; change or delete one.") % {"n": MOST})
    reply.position = max((row.position for row in beside), default=0) + 1
    reply.save()
    activity.record(reply, "reply.add", by=by)
    return reply


@transaction.atomic
def edit_reply(reply: QuickReply, *, title: str, text: str, by: Actor) -> QuickReply:
    reply = _with(lock(reply), title, text)
    policies.check_can_edit(reply, by)
    reply.updated_at = now()
    reply.save(update_fields=["title", "text", "updated_at"])
    activity.record(reply, "reply.edit", by=by)
    return reply


def _with(reply: QuickReply, title: str, text: str) -> QuickReply:
    """The reply with these words. Raises Refused("REPLY") or Refused("VARIABLE")."""
    reply.title, reply.text = title.strip(), text.strip().translate(variables.WIDE_BRACES)
    if not reply.title or not reply.text:
        raise Refused("REPLY", _("A reply needs a title and a text."))
    if len(reply.title) > TITLE_LENGTH or len(reply.text) > TEXT_LENGTH:
        raise Refused(
            "REPLY",
            _("At most %(title)d characters of title and %(text)d of text.")
            % {"title": TITLE_LENGTH, "text": TEXT_LENGTH},
        )
    variables.check_text(reply.text)
    return reply


@transaction.atomic
def move_reply(reply: QuickReply, *, step: int, by: Actor) -> None:
    """One place up (-1) or down (+1) in its list; at the end of it nothing happens."""
    policies.check_can_edit(reply, by)
    rows = sorted(lock_all(QuickReply.objects.beside(reply)), key=lambda row: (row.position, row.pk))
    here = next((place for place, row in enumerate(rows) if row.pk == reply.pk), None)
    if here is None or not 0 <= here + step < len(rows):
        return
    rows[here], rows[here + step] = rows[here + step], rows[here]
    for place, row in enumerate(rows, start=1):
        row.position = place
    QuickReply.objects.bulk_update(rows, ["position"])


@transaction.atomic
def switch_reply(reply: QuickReply, *, is_active: bool, by: Actor) -> QuickReply:
    reply = lock(reply)
    policies.check_can_edit(reply, by)
    if reply.is_active != is_active:
        reply.is_active, reply.updated_at = is_active, now()
        reply.save(update_fields=["is_active", "updated_at"])
        activity.record(reply, "reply.switch_on" if is_active else "reply.switch_off", by=by)
    return reply


@transaction.atomic
def delete_reply(reply: QuickReply, *, by: Actor) -> None:
    reply = lock(reply)
    policies.check_can_delete(reply, by)
    activity.record(reply, "reply.delete", by=by, title=reply.title)
    reply.delete()


def count_use(reply: QuickReply, *, by: Actor) -> None:
    """It was copied. No trail: which reply helps is the question, not who copied it."""
    check_right(by, reply.shop_id, Right.REMARK_ORDER)
    QuickReply.objects.filter(pk=reply.pk).update(used_count=F("used_count") + 1)


@transaction.atomic
def make_default_replies(shop: Shop, *, by: Actor) -> int:
    """The default set as the shop's own shared replies, to be changed; how many were made, 0 when it has some."""
    check_right(by, shop, Right.EDIT_REPLIES)
    lock(shop)
    return _make_defaults(shop)


def _make_defaults(shop: Shop) -> int:
    if QuickReply.objects.filter(shop=shop, owner=None).exists():
        return 0
    return len(QuickReply.objects.bulk_create(unmade_defaults(shop)))


def unmade_defaults(shop: Shop) -> list[QuickReply]:
    """The default set as rows that are not stored: what a shop without shared replies has before it decides."""
    return [
        QuickReply(shop=shop, title=title, text=text, position=place)
        for place, (title, text) in enumerate(default_texts(), start=1)
    ]
