"""Kuaishou's request signature and message cipher, over the exact text that is sent."""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

MD5 = "MD5"
HMAC_SHA256 = "HMAC_SHA256"
SIGN_METHODS = (MD5, HMAC_SHA256)

_ZERO_IV = bytes(16)
_AES_BLOCK_BITS = 128


def signing_text(params: dict[str, str], sign_secret: str) -> str:
    """The text under the signature: every parameter but ``sign``, sorted by name, secret at the end.

    Values are the raw ones, before URL encoding. Empty ones are left out, and must be left out of the
    request too.
    """
    pairs = sorted((key, value) for key, value in params.items() if key != "sign" and value not in ("", None))
    return "&".join(f"{key}={value}" for key, value in [*pairs, ("signSecret", sign_secret)])


def sign(params: dict[str, str], sign_secret: str) -> str:
    """The signature by the method that ``params["signMethod"]`` names: MD5 in lower hex, HMAC in Base64."""
    text = signing_text(params, sign_secret).encode()
    method = params.get("signMethod", MD5)
    if method == MD5:
        return hashlib.md5(text, usedforsecurity=False).hexdigest()
    if method == HMAC_SHA256:
        digest = hmac.new(sign_secret.encode(), text, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()
    raise ValueError(f"unknown sign method {method!r}")


def verify(params: dict[str, str], sign_secret: str) -> bool:
    """Whether ``params["sign"]`` fits, compared in constant time."""
    if params.get("signMethod", MD5) not in SIGN_METHODS:
        return False
    return hmac.compare_digest(sign(params, sign_secret).encode(), params.get("sign", "").encode())


def encrypt_message(key_b64: str, plain: str) -> str:
    """A message body as the platform sends it: Base64 of AES-CBC, PKCS padding, sixteen zero bytes as IV."""
    padder = PKCS7(_AES_BLOCK_BITS).padder()
    padded = padder.update(plain.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(base64.b64decode(key_b64)), modes.CBC(_ZERO_IV)).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt_message(key_b64: str, body: bytes | str) -> str:
    """The plain text of a message body; ``ValueError`` when it was not written with this key.

    One error for every cause, so that nobody can use our answers to guess at the padding.
    """
    raw = body.encode() if isinstance(body, str) else body
    try:
        cipher_text = base64.b64decode(raw.strip(), validate=True)
        decryptor = Cipher(algorithms.AES(base64.b64decode(key_b64)), modes.CBC(_ZERO_IV)).decryptor()
        padded = decryptor.update(cipher_text) + decryptor.finalize()
        unpadder = PKCS7(_AES_BLOCK_BITS).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a message of this account") from error
