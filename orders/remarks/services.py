from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from merchant.locking import lock
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused
from merchant.trail import activity
from orders.record.enums import Flag
from orders.record.models import Order
from orders.remarks.models import Note


@transaction.atomic
def add_note(order: Order, *, text: str, flag: int | None = None, by: Any) -> Note:
    """备注、插旗. The order shows the newest flag; `flag=None` leaves it as it is. Raises Refused RIGHT or NOTE."""
    check_right(by, order.shop_id, Right.REMARK_ORDER)
    text = text.strip()
    if flag is not None and flag not in Flag.values:
        raise Refused("NOTE", _("There is no such flag."), flag=flag)
    if not text and flag is None:
        raise Refused("NOTE", _("A remark needs a text or a flag."))
    if len(text) > 500:
        raise Refused("NOTE", _("A remark holds at most 500 characters."), length=len(text))
    order = lock(order)
    note = Note.objects.create(
        shop_id=order.shop_id, order=order, text=text, flag=flag, by=by, by_name=str(by) if by else ""
    )
    if flag is not None and order.flag != flag:
        order.flag = flag
        order.save(update_fields=["flag"])
    activity.record(order, "note.add", by=by, note=note.pk, flag=flag)
    return note
