"""A phone as a file gives it: a spreadsheet turns long numbers into 1.38E+10, and that is nobody's phone."""

from django.utils.translation import gettext as _

from merchant.vault.masking import normal_phone
from orders.intake.values import SCIENTIFIC, SHEET_ERRORS, narrow


def apart(said: dict[str, str]) -> dict[str, str]:
    """What is said of a person, with no virtual number in the place of the buyer's own: its last digits prove nothing
    to a courier, and in a month it is somebody else's."""
    virtual = normal_phone(said.get("virtual_phone", ""))
    is_doubled = bool(virtual) and normal_phone(said.get("phone", "")).partition("-")[0] == virtual.partition("-")[0]
    return {**said, "phone": ""} if is_doubled else said


def read(said: str, column: str) -> tuple[str, str]:
    """(the phone, or "" where a spreadsheet has spoiled it; what the report says of that)."""
    found = narrow(said)
    if SCIENTIFIC.fullmatch(found) or found.upper() in SHEET_ERRORS:
        return "", _("%(column)s: the spreadsheet has shortened this number; the order has no phone") % {
            "column": column
        }
    return found, ""
