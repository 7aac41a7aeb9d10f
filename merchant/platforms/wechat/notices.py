"""WeChat Pay's refund notifications: RSA-signed outside, AES-256-GCM inside (`wechatpayv3` opens both).

What a notice says about a refund is never believed as such: its number is taken out and the channel is asked. So a
notice whose outer signature we cannot check, because the merchant's console still signs with a platform certificate,
is taken when it opens with the account's own API v3 key: nobody else can have sealed it, and a repetition only asks
once more.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from wechatpayv3.utils import aes_decrypt

from merchant import incoming
from merchant.platforms.base import Hint, Judged, MalformedError
from merchant.platforms.wechat import client as wechat_pay

REFUND_EVENTS = ("REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED")
# A signed body may be replayed by whoever once saw it; the channel's page asks to refuse what is older.
MAX_AGE_S = 300
# The serial of a platform certificate; the public key's begins with PUB_KEY_ID_.
CERTIFICATE = re.compile(r"[0-9A-Fa-f]{16,64}")
SIGNED = (
    "wechatpay-signature",
    "wechatpay-timestamp",
    "wechatpay-nonce",
    "wechatpay-serial",
    "wechatpay-signature-type",
)


@dataclass(frozen=True)
class RefundNotice:
    """One notice, opened. `out_refund_no` is our own number."""

    event_id: str
    event: str
    mchid: str
    out_refund_no: str


def verify(account: Any, headers: Mapping[str, str], body: bytes) -> None:
    """Pass on the channel's own signature over these bytes, for this account. Raises ValueError."""
    if any(not headers.get(name) for name in SIGNED):
        raise ValueError("not signed")
    if not _is_ours(account, headers):
        # The library would fetch certificates from the channel for an unknown serial: nobody makes us call out.
        raise ValueError("signed with a key that is not this account's")
    try:
        opened = wechat_pay.client(account).decrypt_callback({name: headers[name] for name in SIGNED}, body)
    except Exception as error:
        # PlatformError for keys that cannot be read; the library says the rest with whatever its parsing raised.
        raise ValueError(type(error).__name__) from error
    if not opened:
        raise ValueError("the signature or the key is wrong")


def _is_ours(account: Any, headers: Mapping[str, str]) -> bool:
    return headers.get("wechatpay-serial") == str(account.secrets.get("public_key_id") or "")


def _check_seal(account: Any, headers: Mapping[str, str], body: bytes) -> str:
    """Pass on the seal inside where the outer signature is a certificate's. Returns what the console must be told.
    Raises ValueError."""
    serial = headers.get("wechatpay-serial", "")
    if any(not headers.get(name) for name in SIGNED) or not CERTIFICATE.fullmatch(serial):
        raise ValueError("signed with a key that is not this account's")
    try:
        read_notice(account, body)
    except MalformedError as error:
        raise ValueError("not sealed with this account's key") from error
    return _(
        "WeChat Pay still signs with the platform certificate %(serial)s: switch the merchant's console over to the "
        "public key. Until then its notices are taken as hints and each refund is asked for."
    ) % {"serial": serial}


def _is_old_form(account: Any, body: bytes) -> bool:
    """A refund made in the console is told in the XML of version 2, sealed with a key that no account here has."""
    mchid = str(account.secrets.get("mchid") or "").encode()
    return body.lstrip()[:5].lower() == b"<xml>" and b"<req_info>" in body and bool(mchid) and mchid in body


def read_notice(account: Any, body: bytes) -> RefundNotice:
    """Decrypt and read a notice that was verified when it came. Raises MalformedError."""
    try:
        told = incoming.read_json(body)
        sealed = told["resource"]
        plain = aes_decrypt(
            sealed["nonce"],
            sealed["ciphertext"],
            sealed.get("associated_data") or "",
            str(account.secrets.get("apiv3_key") or ""),
        )
        resource = incoming.read_json(plain or "")
        return RefundNotice(
            str(told["id"]), str(told["event_type"]), str(resource["mchid"]), str(resource["out_refund_no"])
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedError(f"{type(error).__name__}: {error}"[:100]) from error


def judge(account: Any, headers: Mapping[str, str], body: bytes) -> Judged:
    """The door's view of a notice; one that is older than five minutes is refused, the channel signs each try anew."""
    if _is_old_form(account, body):
        raise MalformedError("a notice of version 2")
    remark = ""
    if _is_ours(account, headers):
        verify(account, headers, body)
    else:
        remark = _check_seal(account, headers, body)
    notice = read_notice(account, body)
    stamp = headers["wechatpay-timestamp"]
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > MAX_AGE_S:
        raise ValueError("too old")
    is_own = notice.mchid == str(account.secrets.get("mchid") or "")
    return Judged(notice.event_id[:64], is_own=is_own, remark=remark)


def hint_of(notice: RefundNotice) -> Hint:
    """The refund the notice names. Notices of other kinds are done when they are stored."""
    return Hint(refund_numbers=(notice.out_refund_no,) if notice.event in REFUND_EVENTS else ())
