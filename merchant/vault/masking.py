"""What a person sees before they ask: 王**, 138****1234, a town and asterisks. Masked input stays as it came."""

import re

from merchant.personal_data import mask_address
from merchant.vault import phones

__all__ = [
    "mask_address",
    "mask_kept_phone",
    "mask_name",
    "mask_number",
    "mask_phone",
    "may_be_same",
    "normal_name",
    "normal_phone",
]


def mask_name(name: str) -> str:
    name = name.strip()
    return name if not name or "*" in name else name[0] + "**"


def mask_phone(phone: str) -> str:
    phone = normal_phone(phone)
    if not phone or "*" in phone:
        return phone
    number, dash, _extension = phone.partition("-")
    tail = f"-{'*' * 4}" if dash else ""
    if len(number) == 11:
        return f"{number[:3]}****{number[-4:]}{tail}"
    return "*" * max(0, len(number) - 2) + number[-2:] + tail


def mask_kept_phone(phone: str) -> str:
    """A number that is kept here and found by its last four digits: those and no more, or the rest is soon guessed."""
    masked = mask_phone(phone)
    return f"{'*' * 7}{masked[7:]}" if re.match(r"\d{3}\*{4}", masked) and "*" not in phone else masked


def may_be_same(one: str, other: str) -> bool:
    """Whether two masks can be of one number: they hide different digits and show the same."""
    return len(one) == len(other) and all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=True))


def mask_number(number: str) -> str:
    """Of a card or a paper only its ends."""
    number = number.strip()
    return number if "*" in number else f"{number[:1]}{'*' * max(2, len(number) - 2)}{number[-1:]}"


def normal_phone(phone: str) -> str:
    """Digits (and an extension's dash) only, without +86, as the blind index wants it; masked input unchanged."""
    return phones.normal(phone)


# Between the parts of a name stands a dot that keyboards, platforms and fonts each write in their own way.
_DOTS = re.compile(r"(?<=\w)\s*[·•・‧∙⋅．｡･᛫•.]\s*(?=\w)")


def normal_name(name: str) -> str:
    """A name as the blind index wants it: one dot, no blanks around it."""
    return _DOTS.sub("·", name.strip())
