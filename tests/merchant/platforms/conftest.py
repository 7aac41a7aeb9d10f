from types import SimpleNamespace

import pytest

from merchant.platforms.douyin.client import DouyinClient
from merchant.platforms.kuaishou.client import KuaishouClient
from merchant.platforms.sandbox import accounts
from tests.sandboxes import start_platform_sandbox


@pytest.fixture(scope="session")
def platform_process(tmp_path_factory):
    """One running sandbox for all tests of the wire; each makes orders and cases of its own."""
    sandbox = start_platform_sandbox(tmp_path_factory.mktemp("platform"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def platform(platform_process, settings):
    """The sandbox, calm, with the product's hosts pointing at it."""
    settings.PLATFORM_HOSTS = dict.fromkeys(("kuaishou", "douyin", "wechat_pay"), platform_process.url)
    calm = dict.fromkeys(
        ("rate_5xx", "lost", "garbage", "slow", "throttle", "duplicate", "disorder", "lose_push", "withdraw", "edit"), 0
    ) | dict.fromkeys(("abnormal", "short", "by_hand"), 0)
    platform_process.control("/faults", {**calm, "platform_pay": 0, "pay_delay_s": 4.0, "slow_s": 0})
    yield platform_process
    platform_process.control("/faults", calm)
    # A door that is gone with its test must not be knocked at during the next one.
    platform_process.control("/push_targets", {"push_url": ""})
    platform_process.control("/push_targets", {"push_url": "", "app_key": accounts.DOUYIN_APP_KEY})


@pytest.fixture
def kuaishou():
    """A client with the demo shop's credentials."""
    return KuaishouClient(SimpleNamespace(secrets=accounts.KUAISHOU_SECRETS, app_key=accounts.KUAISHOU_APP_KEY))


@pytest.fixture
def douyin():
    """A client with the demo's Douyin shop's credentials."""
    return DouyinClient(SimpleNamespace(secrets=accounts.DOUYIN_SECRETS, app_key=accounts.DOUYIN_APP_KEY))
