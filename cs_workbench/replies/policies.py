"""Who may change a quick reply: one's own with the right to remark, the shop's with a right of its own."""

from django.utils.translation import gettext_lazy as _

from cs_workbench.replies.models import QuickReply
from merchant.people.models import Actor
from merchant.people.rights import Right, check_right
from merchant.refusals import Refused


def check_can_edit(reply: QuickReply, by: Actor) -> None:
    """Raise Refused("RIGHT") or, for a colleague's own, Refused("OWNER")."""
    if reply.owner_id is None:
        check_right(by, reply.shop_id, Right.EDIT_REPLIES)
        return
    check_right(by, reply.shop_id, Right.REMARK_ORDER)
    if by is not None and reply.owner_id != by.pk:
        raise Refused("OWNER", _("This reply is a colleague's own."))


def check_can_delete(reply: QuickReply, by: Actor) -> None:
    """Shared ones are only switched off: colleagues have them in their fingers, and they come back unchanged."""
    check_can_edit(reply, by)
    if reply.owner_id is None:
        raise Refused("SHARED", _("A shared reply is not deleted; switch it off."))
