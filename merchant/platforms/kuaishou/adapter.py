from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.platforms.base import Client, Hint, Judged, Platform
from merchant.platforms.kuaishou import messages
from merchant.platforms.kuaishou.client import CODE, HOST, ORDER_WINDOW, KuaishouClient
from merchant.platforms.kuaishou.signing import HMAC_SHA256, SIGN_METHODS
from merchant.platforms.registry import register
from merchant.shops.credentials import Secret


class Kuaishou(Platform):
    """快手: a shop platform, spoken with."""

    code = CODE
    label = _("Kuaishou")
    host = HOST
    position = 1
    is_spoken_with = True
    order_window = ORDER_WINDOW
    # Only HTTP 200 with this body stops the platform's retries.
    got_it = b'{"result": 1}'
    send_again = b'{"result": 0}'
    secrets = (
        Secret("app_secret", _("App secret"), is_required=False),
        Secret("sign_secret", _("Signing secret")),
        Secret("access_token", _("Access token")),
        Secret("message_key", _("Key of the message push"), is_required=False),
        Secret(
            "sign_method",
            _("Signature"),
            is_required=False,
            is_hidden=False,
            choices=(
                ("", HMAC_SHA256),
                *((name, name) for name in SIGN_METHODS if name != HMAC_SHA256),
            ),
        ),
        Secret(
            "seller_id",
            _("Seller id"),
            _("Where it is not the shop's id on the platform."),
            is_required=False,
            is_hidden=False,
        ),
        Secret("open_id", _("Open id of the seller"), is_required=False, is_hidden=False),
    )

    def client(self, account: Any) -> Client:
        return KuaishouClient(account)

    def judge(self, account: Any, headers: Mapping[str, str], body: bytes) -> Judged:
        return messages.judge(account, body)

    def hint(self, account: Any, body: bytes) -> Hint:
        return messages.hint_of(messages.open_message(account, body))


register(Kuaishou())
