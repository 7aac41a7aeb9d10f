"""Document numbers: what people read aloud and what the outside world sees as our idempotency key."""

import secrets

from merchant.clock import SHANGHAI, now

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number(prefix: str) -> str:
    """`prefix` (two letters) + yymmddHHMMSS in Shanghai + six random characters: 20 characters, sorts by time."""
    return (
        prefix
        + now().astimezone(SHANGHAI).strftime("%y%m%d%H%M%S")
        + "".join(secrets.choice(ALPHABET) for _ in range(6))
    )
