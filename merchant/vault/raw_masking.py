"""A raw message as it may be shown: personal data masked wherever it stands, the rest as it came."""

import json
import re
from typing import Any

from merchant.vault import masking

PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
# Parts of a key that say the value is a person's. Compared in lower case, without separators.
NAMES = ("name", "contact", "consignee", "receiver", "sender", "nick")
PHONES = ("phone", "mobile", "tel")
ADDRESSES = ("address", "addr", "detail")
# Keys that look personal and are not.
PLAIN = ("filename", "companyname", "sitename", "scansitename", "statusname", "citycode", "signname", "skuname")
SHOWN = 16_384


def mask_value(key: str, value: str) -> str:
    """One value by what its key says; phones are masked whatever the key."""
    key = re.sub(r"[^a-z]", "", key.lower())
    if key not in PLAIN:
        if any(part in key for part in PHONES):
            return masking.mask_phone(value)
        if any(part in key for part in ADDRESSES):
            return masking.mask_address(value)
        if any(part in key for part in NAMES) and 1 < len(value) <= 20:
            return masking.mask_name(value)
    return PHONE.sub(lambda found: masking.mask_phone(found[0]), value)


def mask_tree(value: Any, key: str = "") -> Any:
    """The same for a whole document; a string that holds a document is opened too, as couriers like to nest them."""
    if isinstance(value, dict):
        return {name: mask_tree(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [mask_tree(inner, key) for inner in value]
    if isinstance(value, str):
        if value[:1] in "{[":
            try:
                return mask_tree(json.loads(value), key)
            except (ValueError, RecursionError):
                pass
        return mask_value(key, value)
    if isinstance(value, int) and any(part in key.lower() for part in PHONES):
        return masking.mask_phone(str(value))
    return value


def shown(body: bytes) -> str:
    """The masked body as text, pretty when it is JSON; what is no text is counted, not shown."""
    try:
        text = bytes(body).decode("utf-8")
    except UnicodeDecodeError:
        return f"({len(body)} bytes)"
    try:
        text = json.dumps(mask_tree(json.loads(text)), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        pairs = re.sub(r"(?<=[?&])([^=&]+)=([^&]*)", lambda pair: f"{pair[1]}={mask_value(pair[1], pair[2])}", text)
        text = re.sub(r"<([A-Za-z_]+)>([^<]+)<", lambda tag: f"<{tag[1]}>{mask_value(tag[1], tag[2])}<", pairs)
        text = PHONE.sub(lambda found: masking.mask_phone(found[0]), text)
    return text[:SHOWN]
