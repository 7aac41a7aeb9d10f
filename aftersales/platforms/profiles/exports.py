"""What after-sale tables that a merchant exports by hand share: words in Chinese, amounts in yuan, several times a row.

The headers are real ones (data/export_layouts); the words of their cells are those the platforms print on their pages.
A word that is not here refuses its row by name: nothing is guessed about money.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.enums import CaseKind
from orders.intake.readers import Row
from orders.intake.values import BadValue, identifier, moment, money, narrow, text

# By these a cell says yes.
YES = ("是", "需要", "需要退货", "Y", "1")


def needed(value: Any, column: str) -> Any:
    """The value. Raises BadValue when there is none."""
    if value in (None, ""):
        raise BadValue(column, _("this is empty"))
    return value


def number(row: Row, column: str) -> str:
    """A number without which the row is nothing. Raises BadValue."""
    found: str = needed(identifier(row.get(column), column), column)
    return found


def yuan(row: Row, column: str) -> int:
    """Fen; nothing is zero. Raises BadValue for what is no amount, or below zero."""
    found = money(row.get(column), column, "yuan") or 0
    if found < 0:
        raise BadValue(column, _("an amount below zero"))
    return found


def word(row: Row, column: str, words: Mapping[str, Any]) -> Any:
    """What the cell's word stands for; commas of either width are one. Raises BadValue."""
    said = narrow(text(row.get(column)))
    if said not in words:
        raise BadValue(column, _("“%(value)s” is a status this layout does not know") % {"value": said[:40]})
    return words[said]


def times(row: Row, columns: Sequence[str]) -> list[datetime]:
    """The instants these columns name. Raises BadValue."""
    return [at for column in columns if (at := moment(row.get(column), column)) is not None]


def version(row: Row, columns: Sequence[str]) -> int:
    """A number that grows with every step: the last instant the row names. Raises BadValue when it names none."""
    found = times(row, columns)
    return int(needed(max(found, default=None), columns[0]).timestamp())


def refund_kind(*, is_return: bool, is_shipped: bool) -> CaseKind:
    if is_return:
        return CaseKind.RETURN_REFUND
    return CaseKind.REFUND_ONLY_SHIPPED if is_shipped else CaseKind.REFUND_ONLY_UNSHIPPED


def times_of(rows: Sequence[Row], column: str) -> list[datetime]:
    """What this column names in any of the rows. Raises BadValue."""
    return [at for row in rows if (at := moment(row.get(column), column)) is not None]
