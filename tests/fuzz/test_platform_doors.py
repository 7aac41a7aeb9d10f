"""Broken messages at the platforms' doors: never a fault, neither there nor behind it."""

import json

import pytest
from django.test import Client

from merchant.inbox import samples
from merchant.inbox import services as inbox
from merchant.platforms import messages, views
from merchant.platforms.douyin.signing import sign_message
from merchant.platforms.kuaishou.signing import encrypt_message
from merchant.platforms.sandbox import accounts
from merchant.platforms.sandbox.journal import Journal
from merchant.platforms.sandbox.wechat_wire import WeChatPayWire
from merchant.platforms.sandbox.world import World
from tests.fuzz.broken import broken, bruised, stream, written
from tests.merchant.factories import make_platform_account, make_shop

pytestmark = pytest.mark.django_db
MESSAGES = 200
HOUSE = accounts.HOUSE


@pytest.fixture(autouse=True)
def every_one_is_kept(monkeypatch):
    monkeypatch.setattr(views, "UNWELCOME_LIMIT", 10**9)
    monkeypatch.setattr(samples, "PER_DAY", 10**9)
    # Whoever reads a hint asks the platform; here nobody does.
    monkeypatch.setattr(messages, "_readers", {})


def kuaishou():
    account = make_platform_account(make_shop(), app_key=HOUSE.app_key, secrets=HOUSE.secrets())
    told = {
        "eventId": "267_1", "bizId": 9, "userId": int(HOUSE.seller_id), "openId": HOUSE.open_id, "appKey": HOUSE.app_key,
        "event": "kwaishop_aftersales_addRefund", "createTime": 1763870400000, "test": False,
        "info": {"orderId": 7, "refundId": 9, "handlingWay": 10, "status": 10, "createTime": 1, "updateTime": 5},
    }  # fmt: skip

    def push(raw, chance):
        text = raw.decode(errors="replace")
        return encrypt_message(HOUSE.message_key, text).encode() if chance.random() < 0.9 else raw, {}

    return account, told, push


def douyin():
    app = accounts.DOUYIN
    account = make_platform_account(
        make_shop("douyin", external_id=app.seller_id), "douyin", app_key=app.app_key, secrets=accounts.DOUYIN_SECRETS
    )
    data = {"aftersale_id": 7, "p_id": 9, "shop_id": int(app.seller_id)}

    def push(raw, chance):
        return raw, {"app-id": app.app_key, "event-sign": sign_message(app.app_key, app.app_secret, raw)}

    return account, [{"tag": "200", "msg_id": "m-1", "data": data}], push


def wechat():
    account = make_platform_account(make_shop("own"), "wechat_pay", secrets=accounts.wechat_pay_secrets())
    from tests.merchant.platforms.test_wechat_notices import notice

    def push(raw, chance):
        return raw, WeChatPayWire(World(Journal(), 1.0)).signed_headers(raw.decode(errors="replace"))

    return account, json.loads(notice()), push


@pytest.mark.parametrize("make", [kuaishou, douyin, wechat])
def test_no_message_finds_a_fault_at_a_platform_s_door(make):
    account, told, push = make()
    door, seen = f"/push/platform/{account.push_token}/", {}

    for chance in stream(MESSAGES, make.__name__):
        raw = written(broken(told, chance), chance).encode(errors="surrogatepass")
        raw, headers = push(bruised(raw, chance) if chance.random() < 0.2 else raw, chance)
        answer = Client().post(door, raw, content_type="application/json", headers=headers)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1

    assert set(seen) <= {200, 400, 413}
    assert seen[200] > 20 and seen[400] > 20
    # Behind the door what cannot be read waits, or is parked: no sweep breaks off.
    assert inbox.sweep() >= 0
