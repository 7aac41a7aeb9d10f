"""A platform of this room's own, as a process: real HTTP, real signatures, limits and pages."""

import pytest

from merchant.platforms.sandbox import accounts
from tests.merchant.factories import make_platform_account, make_shop
from tests.sandboxes import start_platform_sandbox


@pytest.fixture(scope="session")
def shop_platform_process(tmp_path_factory):
    process = start_platform_sandbox(tmp_path_factory.mktemp("orders_platform"))
    yield process
    process.stop()


@pytest.fixture
def shop_platform(shop_platform_process, settings):
    settings.PLATFORM_HOSTS = {"kuaishou": shop_platform_process.url, "wechat_pay": shop_platform_process.url}
    yield shop_platform_process
    # Nothing may push into the next test's empty tables.
    shop_platform_process.control("/push_targets", {"push_url": ""})


@pytest.fixture
def kuaishou_account(db):
    """A shop connected to that platform."""
    shop = make_shop("kuaishou", external_id=accounts.KUAISHOU_SELLER_ID)
    return make_platform_account(shop, app_key=accounts.KUAISHOU_APP_KEY, secrets=accounts.KUAISHOU_SECRETS)
