"""Digests over the exact bytes that go out or came in, and the fields of a push body without touching their bytes."""

import base64
import hashlib
import hmac
import json
from urllib.parse import unquote_to_bytes

# A push has about five fields; a body of a million `&` shall not cost a million strings.
MAX_FIELDS = 40
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def md5_base64(*parts: str | bytes) -> str:
    """Base64 of the 16 raw MD5 bytes over the parts joined."""
    return base64.b64encode(_hash("md5", parts)).decode()


def digest(algorithm: str, encoding: str, content: str | bytes, *, key: str = "") -> str:
    """`algorithm` md5, sha256 or hmac_sha256 (with `key`); `encoding` base64 or hex. Raises ValueError otherwise."""
    if algorithm == "hmac_sha256":
        raw = hmac.new(key.encode(), _bytes(content), hashlib.sha256).digest()
    elif algorithm in ("md5", "sha256"):
        raw = _hash(algorithm, (content,))
    else:
        raise ValueError(f"unknown digest {algorithm!r}")
    if encoding == "hex":
        return raw.hex()
    if encoding == "base64":
        return base64.b64encode(raw).decode()
    raise ValueError(f"unknown encoding {encoding!r}")


def is_same(given: str | bytes, expected: str) -> bool:
    """Constant-time comparison. A sender that forgot to escape `+` in its form is understood."""
    return hmac.compare_digest(_bytes(given).replace(b" ", b"+"), expected.encode())


def as_json(content: object) -> str:
    """The text that is both signed and sent; made once and never again from its parts."""
    return _as_json(content)


def push_fields(raw: bytes) -> dict[str, bytes]:
    """The fields of a form or JSON body, each as the bytes that were signed; {} when it is neither."""
    if raw.lstrip()[:1] == b"{":
        return _json_fields(raw)
    fields: dict[str, bytes] = {}
    for pair in raw.split(b"&", MAX_FIELDS)[:MAX_FIELDS]:
        name, equals, value = pair.partition(b"=")
        if equals:
            fields.setdefault(name.decode("latin-1"), unquote_to_bytes(value.replace(b"+", b" ")))
    return fields


def _json_fields(raw: bytes) -> dict[str, bytes]:
    try:
        content = json.loads(raw)
        # Only texts can have been signed as they stand; a nested object has lost its bytes.
        return {name: value.encode() for name, value in content.items() if isinstance(value, str)}
    except (ValueError, RecursionError):  # UnicodeError is a ValueError
        return {}


def _hash(algorithm: str, parts: tuple[str | bytes, ...]) -> bytes:
    # By its own constructor: finding one by name costs more than hashing a query does.
    make = hashlib.md5 if algorithm == "md5" else hashlib.sha256
    return make(b"".join(map(_bytes, parts)), usedforsecurity=False).digest()


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
