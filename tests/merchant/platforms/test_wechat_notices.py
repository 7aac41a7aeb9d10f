"""WeChat Pay's refund notices at the door: signed for real, sealed for real, believed never."""

import json
import time

import pytest
from django.test import Client

from merchant.inbox.models import InboxMessage, InboxTask
from merchant.platforms import messages as hints
from merchant.platforms.base import Hint
from merchant.platforms.sandbox import accounts
from merchant.platforms.sandbox.journal import Journal
from merchant.platforms.sandbox.wechat_notices import sealed
from merchant.platforms.sandbox.wechat_wire import WeChatPayWire
from merchant.platforms.sandbox.world import World
from merchant.platforms.wechat import client as wechat_pay
from tests.merchant.factories import make_platform_account, make_shop

ROW = {
    "number": "RF1",
    "refund_id": "5030",
    "out_trade_no": "T1",
    "fen": 6800,
    "total": 17800,
    "status": "SUCCESS",
    "created_at": 1_735_689_600_000,
    "success_at": 1_735_689_660_000,
}


@pytest.fixture
def account(db):
    return make_platform_account(make_shop("own"), "wechat_pay", secrets=accounts.wechat_pay_secrets())


@pytest.fixture
def told(monkeypatch):
    heard = []
    monkeypatch.setattr(hints, "_readers", {"test": lambda account, hint: heard.append((account.pk, hint))})
    return heard


def notice(notice_id="n-1", event="REFUND.SUCCESS", **extra):
    return sealed(notice_id, event, ROW, **extra)


def push(account, body, *, signed=None, **changed):
    headers = WeChatPayWire(World(Journal(), 1.0)).signed_headers(body if signed is None else signed) | changed
    return Client().post(
        f"/push/platform/{account.push_token}/", body.encode(), content_type="application/json", headers=headers
    )


def on_record():
    return list(InboxMessage.objects.order_by("pk").values_list("source", "verdict"))


def test_a_notice_is_stored_sealed_acknowledged_and_then_read(account, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = push(account, notice())
        before = list(told)

    assert (answer.status_code, answer.json(), before) == (200, {"code": "SUCCESS"}, [])
    assert told == [(account.pk, Hint(refund_numbers=("RF1",)))]
    assert on_record() == [("platform:wechat_pay", "verified")]
    assert InboxTask.objects.count() == 0


def test_the_same_notice_again_is_read_once(account, told, django_capture_on_commit_callbacks):
    for _turn in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert push(account, notice()).status_code == 200

    assert len(told) == 1
    assert [verdict for _source, verdict in on_record()] == ["verified", "replayed"]


@pytest.mark.parametrize(
    ("body", "options", "verdict"),
    [
        (notice(), {"signed": notice("n-2")}, "forged"),
        (notice(), {"Wechatpay-Signature": ""}, "forged"),
        (notice(), {"Wechatpay-Serial": "PUB_KEY_ID_OF_SOMEBODY_ELSE"}, "forged"),
        (notice(), {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}, "forged"),
        (notice(key="another-key-of-thirty-two-letters"[:32]), {}, "forged"),
        (notice(mchid="1900000009"), {}, "foreign"),
        ("not a notice", {}, "forged"),
        (json.dumps({"resource_type": "encrypt-resource"}), {}, "forged"),
    ],
    ids=["other bytes", "unsigned", "other signer", "other algorithm", "other key", "other merchant", "text", "empty"],
)
def test_what_is_not_the_channels_word_to_this_account_changes_nothing(account, told, body, options, verdict):
    answer = push(account, body, **options)

    assert (answer.status_code, answer.json()["code"]) == (400, "FAIL")
    assert (on_record(), told, InboxTask.objects.count()) == ([("platform:wechat_pay", verdict)], [], 0)


CERTIFICATE = "7F4FA9E73A1D2C8B5E6F001122334455667700AA"


def test_a_notice_under_a_certificate_is_a_hint_and_the_account_says_what_to_switch(
    account, told, django_capture_on_commit_callbacks
):
    """The merchant's console moves to the public key and still signs with the platform's certificate: the seal inside
    shows whose it is."""
    with django_capture_on_commit_callbacks(execute=True):
        assert push(account, notice(), **{"Wechatpay-Serial": CERTIFICATE}).status_code == 200

    account.refresh_from_db()
    assert on_record() == [("platform:wechat_pay", "verified")]
    assert told == [(account.pk, Hint(refund_numbers=("RF1",)))]
    assert CERTIFICATE in account.last_error

    push(account, notice("n-2"))
    account.refresh_from_db()
    assert account.last_error == ""


def test_under_a_certificate_only_what_is_sealed_with_our_own_key_is_taken(account, told):
    for body in (notice(key="another-key-of-thirty-two-letters"[:32]), "not a notice"):
        assert push(account, body, **{"Wechatpay-Serial": CERTIFICATE}).status_code == 400

    account.refresh_from_db()
    assert ([verdict for _source, verdict in on_record()], told, account.last_error) == (["forged", "forged"], [], "")


def test_a_notice_of_version_2_is_not_called_forged(account, told):
    mchid = account.secrets["mchid"]
    body = f"<xml><return_code>SUCCESS</return_code><mch_id>{mchid}</mch_id><req_info>T87GAHG17TGAHG1</req_info></xml>"

    assert push(account, body).status_code == 400
    assert (on_record(), told) == ([("platform:wechat_pay", "malformed")], [])


def test_a_notice_older_than_five_minutes_is_refused(account, told, monkeypatch):
    body, real = notice(), time.time
    headers_of = WeChatPayWire(World(Journal(), 1.0)).signed_headers
    monkeypatch.setattr(time, "time", lambda: real() - 301)
    headers = headers_of(body)
    monkeypatch.setattr(time, "time", real)

    answer = push(account, body, **headers)

    assert (answer.status_code, on_record(), told) == (400, [("platform:wechat_pay", "forged")], [])


@pytest.mark.django_db(transaction=True)
def test_the_channel_tells_the_end_of_a_refund_to_the_address_it_was_given(platform, live_server, monkeypatch):
    heard = []
    monkeypatch.setattr(hints, "_readers", {"test": lambda account, hint: heard.append(hint)})
    account = make_platform_account(make_shop("own"), "wechat_pay", secrets=accounts.wechat_pay_secrets())
    trade = f"T{time.time_ns()}"
    platform.control("/trades", {"out_trade_no": trade, "total_fen": 6800})

    wechat_pay.refund(
        account,
        out_trade_no=trade,
        out_refund_no=f"RF{trade}",
        amount_fen=6800,
        total_fen=6800,
        notify_url=f"{live_server.url}/push/platform/{account.push_token}/",
    )

    deadline = time.monotonic() + 60
    while not heard and time.monotonic() < deadline:
        time.sleep(0.05)
    assert heard == [Hint(refund_numbers=(f"RF{trade}",))]
