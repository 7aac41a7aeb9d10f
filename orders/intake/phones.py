"""A phone as a file gives it: a spreadsheet turns long numbers into 1.38E+10, and that is nobody's phone."""

from django.utils.translation import gettext as _

from orders.intake.values import SCIENTIFIC, SHEET_ERRORS, narrow


def read(said: str, column: str) -> tuple[str, str]:
    """(the phone, or "" where a spreadsheet has spoiled it; what the report says of that)."""
    found = narrow(said)
    if SCIENTIFIC.fullmatch(found) or found.upper() in SHEET_ERRORS:
        return "", _("%(column)s: the spreadsheet has shortened this number; the order has no phone") % {
            "column": column
        }
    return found, ""
