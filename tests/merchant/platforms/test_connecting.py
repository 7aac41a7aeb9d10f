"""测试连接 at a platform or payment channel: one call that changes nothing, told in words."""

import pytest
from django.urls import reverse

from merchant.platforms import connecting, wire
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.sandbox import accounts as sandbox
from merchant.platforms.wechat import client as wechat_pay
from tests.aftersales.world import PlatformWorld
from tests.merchant.factories import make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(monkeypatch):
    world = PlatformWorld()
    monkeypatch.setattr(wire, "send", world.send)
    return world


def tried(platform, **fields):
    shop = make_shop()
    account = make_platform_account(shop, platform, **fields)
    connecting.start_connection_test(account, by=make_user("owner", shop))
    account.refresh_from_db()
    return account


KUAISHOU = {"app_key": sandbox.KUAISHOU_APP_KEY, "secrets": sandbox.KUAISHOU_SECRETS}
DOUYIN = {"app_key": sandbox.DOUYIN_APP_KEY, "secrets": sandbox.DOUYIN_SECRETS}


@pytest.mark.parametrize(("platform", "fields"), [("kuaishou", KUAISHOU), ("douyin", DOUYIN)])
def test_right_credentials_work(world, platform, fields):
    assert tried(platform, **fields).connection == "works"


@pytest.mark.parametrize(
    ("platform", "fields", "secret"), [("kuaishou", KUAISHOU, "sign_secret"), ("douyin", DOUYIN, "app_secret")]
)
def test_a_wrong_secret_is_refused_in_the_platforms_own_words(world, client, platform, fields, secret):
    account = tried(platform, **{**fields, "secrets": {**fields["secrets"], secret: "x"}})
    client.cookies["django_language"] = "en"
    client.force_login(make_user("owner", account.shop))

    page = client.get(reverse("platform_connection", args=[account.shop_id, account.pk])).content.decode()

    assert (account.connection, account.connection_words.partition(":")[0]) == ("refused", "auth")
    assert "It does not accept these credentials" in page


@pytest.mark.parametrize(
    ("error", "state"),
    [(ErrorClass.NOT_FOUND, "works"), (ErrorClass.AUTH, "refused"), (ErrorClass.TRANSIENT, "silent")],
)
def test_wechat_pay_is_asked_for_a_refund_that_nobody_made(monkeypatch, error, state):
    asked = []

    def query(account, number):
        asked.append(number)
        raise PlatformError(error, "X", "y")

    monkeypatch.setattr(wechat_pay, "query", query)

    assert tried("wechat_pay").connection == state
    assert [number[:6] for number in asked] == ["HCTEST"]


def test_a_key_that_is_none_is_said_to_be_unusable(monkeypatch):
    def unreadable(account, number):
        raise ValueError("no key")

    monkeypatch.setattr(wechat_pay, "query", unreadable)
    account = tried("wechat_pay")

    assert (account.connection, account.connection_words) == ("refused", "unusable:ValueError")
