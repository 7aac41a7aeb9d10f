from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from merchant.platforms.base import Client, Hint, Judged, Platform
from merchant.platforms.douyin import messages, token
from merchant.platforms.douyin.client import CODE, HOST, ORDER_WINDOW, DouyinClient
from merchant.platforms.registry import register
from merchant.shops.credentials import Secret


def _type(name: str, label: Any) -> Secret:
    """One of the platform's operation types. Not a secret, but kept with them: it belongs to the app's agreement."""
    help_text = _("From Douyin's table of operation types (its document 93/2752). Empty: decided on its own page.")
    return Secret(name, label, help_text, is_required=False, is_hidden=False, is_number=True)


class Douyin(Platform):
    """抖店: a shop platform, spoken with."""

    code = CODE
    label = _("Douyin")
    host = HOST
    position = 2
    is_spoken_with = True
    order_window = ORDER_WINDOW
    # Only HTTP 200 with this body stops the platform's repetitions.
    got_it = b'{"code": 0, "msg": "success"}'
    send_again = b'{"code": 1, "msg": "again"}'
    secrets = (
        Secret("app_secret", _("App secret")),
        Secret("access_token", _("Access token")),
        Secret("refresh_token", _("Refresh token"), _("Renews the access token by itself."), is_required=False),
        Secret(
            "shop_id",
            _("Shop id"),
            _("Where it is not the shop's id on the platform."),
            is_required=False,
            is_hidden=False,
        ),
        _type("agree_refund_type", _("Agree to refund only, shipped (agree_refund_type)")),
        _type("agree_unshipped_type", _("Agree to refund before shipping (agree_unshipped_type)")),
        _type("refuse_refund_type", _("Refuse refund only, shipped (refuse_refund_type)")),
        _type("refuse_unshipped_type", _("Refuse refund before shipping (refuse_unshipped_type)")),
    )

    def client(self, account: Any) -> Client:
        return DouyinClient(account, renew=token.renew)

    def judge(self, account: Any, headers: Mapping[str, str], body: bytes) -> Judged:
        return messages.judge(account, headers, body)

    def hint(self, account: Any, body: bytes) -> Hint:
        return messages.hint_of(messages.read_message(body))


register(Douyin())
