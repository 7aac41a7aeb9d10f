"""Who may do what with a claim, and when; each refusal says what is so and what to do instead."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.people.rights import Right, can, check_right
from merchant.refusals import Refused


def check_can_draft(by: Any, shop_id: int) -> None:
    """Raise Refused RIGHT: whoever inspects or files may draft."""
    if not can(by, shop_id, Right.FILE_CLAIM):
        check_right(by, shop_id, Right.DRAFT_CLAIM)


def check_amount(fen: int) -> None:
    """Raise Refused AMOUNT for what is no amount of money."""
    if fen <= 0:
        raise Refused("AMOUNT", _("Give an amount above zero."), fen=fen)
