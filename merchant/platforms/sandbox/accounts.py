"""Credentials of the sandbox: public by design, worth nothing anywhere else, and refused by every real platform."""

import base64
from dataclasses import dataclass
from typing import Any

from merchant.platforms.sandbox import keys


@dataclass(frozen=True)
class App:
    """One merchant's app at one of the sandbox's platforms."""

    app_key: str
    app_secret: str
    sign_secret: str
    access_token: str
    message_key: str
    seller_id: str
    open_id: str
    platform: str = "kuaishou"

    def secrets(self, sign_method: str = "HMAC_SHA256") -> dict[str, Any]:
        """What goes into `PlatformAccount.secrets`."""
        if self.platform == "douyin":
            return {
                "app_key": self.app_key,
                "app_secret": self.app_secret,
                "access_token": self.access_token,
                "refresh_token": f"{self.access_token}-refresh",
                "shop_id": self.seller_id,
                **DOUYIN_TYPES,
            }
        return {
            "app_key": self.app_key,
            "app_secret": self.app_secret,
            "sign_secret": self.sign_secret,
            "access_token": self.access_token,
            "message_key": self.message_key,
            "sign_method": sign_method,
            "seller_id": self.seller_id,
            "open_id": self.open_id,
        }


# The sandbox's own codes: the platform's are not public, and these must not be taken for them.
DOUYIN_TYPES = {
    "agree_refund_type": 9101,
    "agree_unshipped_type": 9102,
    "refuse_refund_type": 9111,
    "refuse_unshipped_type": 9112,
}


def _app(name: str, seller_id: str, platform: str = "kuaishou") -> App:
    return App(
        app_key=f"demo-app-{name}",
        app_secret=f"demo-app-secret-{name}",
        sign_secret=f"demo-sign-secret-{name}",
        access_token=f"demo-token-{name}",
        # AES-128, sixteen readable letters.
        message_key=base64.b64encode(f"demo-{name:-<11}"[:16].encode()).decode(),
        seller_id=seller_id,
        open_id=f"demo-seller-{name}",
        platform=platform,
    )


HOUSE = _app("house", "2900000001")
OTHER = _app("other", "2900000002")
DOUYIN = _app("douyin", "3900000001", "douyin")
OTHER_DOUYIN = _app("douyin-other", "3900000002", "douyin")
APPS = {app.app_key: app for app in (HOUSE, OTHER, DOUYIN, OTHER_DOUYIN)}

KUAISHOU_APP_KEY = HOUSE.app_key
KUAISHOU_SELLER_ID = HOUSE.seller_id
KUAISHOU_SECRETS = HOUSE.secrets()
# A second merchant, for everything that must not reach across shops.
OTHER_KUAISHOU_SECRETS = OTHER.secrets()

DOUYIN_APP_KEY = DOUYIN.app_key
DOUYIN_SHOP_ID = DOUYIN.seller_id
DOUYIN_SECRETS = DOUYIN.secrets()
OTHER_DOUYIN_SECRETS = OTHER_DOUYIN.secrets()

WECHAT_PAY_MCHID = "1900000000"
WECHAT_PAY_SERIAL = "DE300000000000000000000000000000000000AA"
WECHAT_PAY_PUBLIC_KEY_ID = "PUB_KEY_ID_0000000000002900000001"
WECHAT_PAY_APIV3_KEY = "demo-api-v3-key-of-32-characters"


def wechat_pay_secrets() -> dict[str, str]:
    """What goes into `PlatformAccount.secrets` of a WeChat Pay account."""
    return {
        "mchid": WECHAT_PAY_MCHID,
        "cert_serial_no": WECHAT_PAY_SERIAL,
        "private_key": keys.private_pem("merchant"),
        "apiv3_key": WECHAT_PAY_APIV3_KEY,
        "public_key": keys.public_pem("platform"),
        "public_key_id": WECHAT_PAY_PUBLIC_KEY_ID,
    }
