"""The client of an account, by its platform: for whoever reads or decides after-sales without caring whose they are."""

from typing import Any

from merchant.platforms.douyin import token as douyin_token
from merchant.platforms.douyin.client import DouyinClient
from merchant.platforms.kuaishou.client import KuaishouClient

# Platforms whose orders and after-sales are read and decided over their own interface.
SPOKEN_WITH = ("kuaishou", "douyin")
PlatformClient = KuaishouClient | DouyinClient


def client_of(account: Any) -> PlatformClient:
    """Calls for this account. Raises ValueError for a platform that is not spoken with."""
    if account.platform == "douyin":
        return DouyinClient(account, renew=douyin_token.renew)
    if account.platform == "kuaishou":
        return KuaishouClient(account)
    raise ValueError(f"nothing is known of how {account.platform} speaks")
