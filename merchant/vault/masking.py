"""What a person sees before they ask: 王**, 138****1234, a town and asterisks. Masked input stays as it came."""

import re

FULL_WIDTH = str.maketrans("０１２３４５６７８９－", "0123456789-")


def mask_name(name: str) -> str:
    name = name.strip()
    return name if not name or "*" in name else name[0] + "**"


def mask_phone(phone: str) -> str:
    phone = normal_phone(phone)
    if not phone or "*" in phone:
        return phone
    number, dash, _extension = phone.partition("-")
    tail = f"-{'*' * 4}" if dash and len(number) == 11 else ""
    if len(number) == 11:
        return f"{number[:3]}****{number[-4:]}{tail}"
    return "*" * max(0, len(phone) - 2) + phone[-2:]


def mask_address(address: str) -> str:
    """Keeps what names a district or a town, hides road, house and door."""
    address = address.strip()
    if not address or "*" in address:
        return address
    found = re.match(r".*?(?:街道|镇|乡|区|县|旗|市)(?!.{0,2}(?:区|县))", address)
    kept = found.group(0) if found else address[:2]
    while (longer := re.match(r".{1,10}?(?:街道|镇|乡|区|县|旗)", address[len(kept) :])) is not None:
        kept += longer.group(0)
    return kept[:100] + "******"


def normal_phone(phone: str) -> str:
    """Digits (and an extension's dash) only, without +86, as the blind index wants it; masked input unchanged."""
    phone = phone.strip().translate(FULL_WIDTH)
    if "*" in phone:
        return phone
    phone = re.sub(r"[^\d-]", "", phone)
    return phone[2:] if len(phone) == 13 and phone.startswith("86") else phone
