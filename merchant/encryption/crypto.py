"""AES-GCM with a ring of keys, and the blind index that finds what it cannot read."""

import base64
import binascii
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE = 12


class CannotDecrypt(Exception):
    """The key is gone from HUICANG_PII_KEYS, or the bytes were changed."""


@lru_cache(maxsize=4)
def _ring(entries: tuple[str, ...]) -> dict[str, AESGCM]:
    ring = {}
    for entry in entries:
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not 1 <= len(key_id) <= 32 or len(key) != 32:
            raise ImproperlyConfigured("HUICANG_PII_KEYS must be `id:base64 of 32 bytes`, separated by commas.")
        ring[key_id] = AESGCM(key)
    if not ring:
        raise ImproperlyConfigured("HUICANG_PII_KEYS must hold at least one key.")
    return ring


def current_key_id() -> str:
    """The id of the key that encrypts now: the first of HUICANG_PII_KEYS."""
    return next(iter(_ring(tuple(settings.PII_KEYS))))


def encrypt(plain: bytes, *, aad: bytes, key_id: str | None = None) -> bytes:
    """key id + NUL + nonce + ciphertext. `aad` binds the bytes to their row: moved elsewhere they do not open."""
    key_id = key_id or current_key_id()
    nonce = os.urandom(NONCE)
    return key_id.encode() + b"\0" + nonce + _ring(tuple(settings.PII_KEYS))[key_id].encrypt(nonce, plain, aad)


def decrypt(sealed: bytes, *, aad: bytes) -> bytes:
    """Raises CannotDecrypt; never returns anything but the plain bytes."""
    key_id, _, rest = bytes(sealed).partition(b"\0")
    key = _ring(tuple(settings.PII_KEYS)).get(key_id.decode("ascii", "replace"))
    if key is None:
        raise CannotDecrypt(f"no key {key_id!r}")
    try:
        return key.decrypt(rest[:NONCE], rest[NONCE:], aad)
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt("the bytes do not belong to this row") from error


def blind_index(kind: str, value: str) -> bytes:
    """16 bytes, equal for equal values of one kind (phone, phone4, name, address), useless without the index key."""
    return hmac.digest(settings.PII_INDEX_KEY.encode(), f"{kind}\0{value}".encode(), "sha256")[:16]
