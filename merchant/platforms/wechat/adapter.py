import json
from collections.abc import Mapping
from datetime import date
from secrets import token_hex
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.platforms.base import Hint, Judged, Platform
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.registry import register
from merchant.platforms.wechat import bill, client, notices
from merchant.platforms.wechat.client import CODE, HOST
from merchant.shops.credentials import Secret


class WeChatPay(Platform):
    """微信支付: a payment channel; orders paid through it are the shop's own."""

    code = CODE
    label = _("WeChat Pay")
    host = HOST
    position = 3
    bill_ready_at = bill.READY_AT
    got_it = b'{"code": "SUCCESS"}'
    send_again = json.dumps({"code": "FAIL", "message": "not taken"}).encode()
    secrets = (
        Secret("mchid", _("Merchant number"), is_hidden=False, pattern=r"\d{8,10}"),
        Secret("cert_serial_no", _("Serial number of the certificate"), is_hidden=False, pattern=r"[0-9A-Fa-f]{1,40}"),
        Secret("private_key", _("Private key of the certificate"), is_long=True),
        Secret("apiv3_key", _("API v3 key"), pattern=r"\S{32}"),
        Secret("public_key", _("Public key of WeChat Pay"), is_long=True),
        Secret("public_key_id", _("Id of the public key"), is_hidden=False, pattern=r"PUB_KEY_ID_\w+"),
    )

    def try_connection(self, account: Any) -> int:
        """Asks for a refund of a number that nobody gave out; that it is not known is the answer wanted."""
        try:
            client.query(account, f"HCTEST{token_hex(8)}")
        except PlatformError as error:
            if error.error_class is not ErrorClass.NOT_FOUND:
                raise
        return 0

    def bill(self, account: Any, day: date) -> bytes:
        return bill.fund_flow_or_empty(account, day)

    def judge(self, account: Any, headers: Mapping[str, str], body: bytes) -> Judged:
        return notices.judge(account, headers, body)

    def hint(self, account: Any, body: bytes) -> Hint:
        return notices.hint_of(notices.read_notice(account, body))


register(WeChatPay())
