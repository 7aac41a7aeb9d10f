"""The flag of a remark in words."""

from django.utils.translation import gettext as _

from orders.record.enums import Flag


def flag_name(flag: int | None) -> str:
    """The colour of this flag; `None` is no flag."""
    return _("no flag") if flag is None else str(Flag(flag).label)
