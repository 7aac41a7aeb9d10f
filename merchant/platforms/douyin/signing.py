"""Douyin's signatures, over the exact text that is sent: of our calls, of the platform's calls to us, of messages."""

import hashlib
import hmac

HMAC_SHA256 = "hmac-sha256"


def sign(app_key: str, secret: str, *, param_json: str, timestamp: str, method: str = "") -> str:
    """Lower hex. With `method` it is a call of ours (version 2); without, one of the platform's to us (SPI)."""
    named = f"method{method}" if method else ""
    version = "v2" if method else ""
    text = f"{secret}app_key{app_key}{named}param_json{param_json}timestamp{timestamp}{version}{secret}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def sign_message(app_key: str, secret: str, body: bytes) -> str:
    """The `event-sign` of a message push: MD5 of app key, raw body and secret."""
    return hashlib.md5(app_key.encode() + body + secret.encode(), usedforsecurity=False).hexdigest()


def is_equal(found: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(found.encode(), expected.encode())
