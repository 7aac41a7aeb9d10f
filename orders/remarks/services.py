from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity
from merchant.trail.models import Activity
from orders.record.enums import Flag
from orders.record.models import Order
from orders.remarks.models import Note


@transaction.atomic
def add_note(order: Order, *, text: str, flag: int | None = None, by: Actor) -> Note:
    """备注、插旗. The order shows the newest flag; `flag=None` leaves it as it is. Raises Refused RIGHT or NOTE."""
    check_right(by, order.shop_id, Right.REMARK_ORDER)
    text = text.strip()
    check_note(text, flag)
    order = lock(order)
    note = Note.objects.create(
        shop_id=order.shop_id, order=order, text=text, flag=flag, by=by, by_name=str(by) if by else ""
    )
    if flag is not None and order.flag != flag:
        order.flag = flag
        order.save(update_fields=["flag"])
    activity.record(order, "note.add", by=by, note=note.pk, flag=flag)
    return note


def check_note(text: str, flag: int | None) -> None:
    """Raises Refused NOTE."""
    text = text.strip()
    if flag is not None and flag not in Flag.values:
        raise Refused("NOTE", _("There is no such flag."), flag=flag)
    if not text and flag is None:
        raise Refused("NOTE", _("A remark needs a text or a flag."))
    if len(text) > 500:
        raise Refused("NOTE", _("A remark holds at most 500 characters."), length=len(text))


@transaction.atomic
def undo_bulk_flag(note: Note, *, former: int | None, by: Actor) -> Note:
    """Undo the flag that `note` set: the order shows `former` again, unless somebody changed it since. The remark stays
    and a new one says so. Raises Refused RIGHT or FLAG_CHANGED."""
    check_right(by, note.shop_id, Right.REMARK_ORDER)
    order = lock(note.order)
    if order.flag != note.flag or order.notes.filter(pk__gt=note.pk, flag__isnull=False).exists():
        raise Refused("FLAG_CHANGED", _("Somebody has changed the flag since; it stays."))
    order.flag = former
    order.save(update_fields=["flag"])
    said = _("Flag “%(flag)s” taken back.") % {"flag": note.get_flag_display()}
    undone = Note.objects.create(
        shop_id=order.shop_id, order=order, text=str(said), flag=former, by=by, by_name=str(by) if by else ""
    )
    activity.record(order, "note.undo", by=by, note=note.pk, flag=former)
    return undone


@transaction.atomic
def set_flag(order: Order, *, flag: int | None, by: Actor) -> Activity | None:
    """插旗 without a remark, `None` takes it away. Returns what `undo_flag` takes back, None when nothing changed."""
    check_right(by, order.shop_id, Right.REMARK_ORDER)
    if flag is not None and flag not in Flag.values:
        raise Refused("NOTE", _("There is no such flag."), flag=flag)
    order = lock(order)
    return None if order.flag == flag else _move_flag(order, flag, by)


@transaction.atomic
def undo_flag(order: Order, *, change_id: int, by: Actor) -> Order:
    """Back to the flag before one's own change. Raises Refused FLAG once anybody has flagged the order since."""
    check_right(by, order.shop_id, Right.REMARK_ORDER)
    order = lock(order)
    changes = Activity.objects.about(order).filter(verb__in=("order.flag", "note.add"), pk__gte=change_id)
    rows = [row for row in changes if row.verb == "order.flag" or row.detail.get("flag") is not None]
    mine = next((row for row in rows if row.pk == change_id and row.verb == "order.flag"), None)
    if mine is None or (by is not None and mine.by_id != by.pk):
        raise Refused("FLAG", _("There is nothing of yours to undo here."))
    if len(rows) > 1 or order.flag != mine.detail["flag"]:
        raise Refused("FLAG", _("The flag has been changed since; it stays as it is."))
    _move_flag(order, mine.detail["was"], by, undone=mine.pk)
    return order


def _move_flag(order: Order, flag: int | None, by: Actor, **detail: Any) -> Activity:
    was, order.flag = order.flag, flag
    order.save(update_fields=["flag"])
    return activity.record(order, "order.flag", by=by, flag=flag, was=was, **detail)
