"""Douyin's messages at the door: the signature over the raw bytes counts, the words are a hint."""

import json
import time
from urllib.parse import urlencode

import pytest
from django.test import Client

from merchant.inbox.models import InboxMessage, InboxTask
from merchant.platforms import messages as hints
from merchant.platforms.base import Hint
from merchant.platforms.douyin.signing import sign, sign_message
from merchant.platforms.sandbox import accounts
from tests.merchant.factories import make_platform_account, make_shop

pytestmark = pytest.mark.django_db
APP = accounts.DOUYIN


@pytest.fixture
def account():
    shop = make_shop("douyin", external_id=APP.seller_id)
    return make_platform_account(shop, "douyin", app_key=APP.app_key, secrets=accounts.DOUYIN_SECRETS)


@pytest.fixture
def told(monkeypatch):
    heard = []
    monkeypatch.setattr(hints, "_readers", {"test": lambda account, hint: heard.append((account.pk, hint))})
    return heard


def message(msg_id="m-1", tag="200", **data):
    content = {"aftersale_id": 7, "p_id": 9, "shop_id": int(APP.seller_id), **data}
    return [{"tag": tag, "msg_id": msg_id, "data": json.dumps(content)}]


def push(account, body, *, app=APP, signed=None, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = {"app-id": app.app_key, "event-sign": sign_message(app.app_key, app.app_secret, signed or raw), **headers}
    return Client().post(f"/push/platform/{account.push_token}/", raw, content_type="application/json", headers=found)


def verdicts():
    return list(InboxMessage.objects.order_by("pk").values_list("verdict", flat=True))


def test_a_message_is_stored_acknowledged_and_then_read(account, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = push(account, message())
        before = list(told)

    assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "success"})
    assert (before, told) == ([], [(account.pk, Hint(case_numbers=("7",)))])
    assert (verdicts(), InboxTask.objects.count()) == (["verified"], 0)


def test_a_bent_body_or_a_foreign_secret_is_forged_and_every_cause_looks_alike(account, told):
    bent = push(account, message(), signed=b"[]")
    foreign = push(account, message(), app=accounts.OTHER_DOUYIN)
    unsigned = Client().post(f"/push/platform/{account.push_token}/", b"[]", content_type="application/json")

    assert {(answer.status_code, answer.content) for answer in (bent, foreign, unsigned)} == {
        (400, b'{"code": 1, "msg": "again"}')
    }
    assert (verdicts(), told) == (["forged"] * 3, [])


def test_a_message_of_another_shop_of_the_same_app_is_foreign(account, told):
    answer = push(account, message(shop_id=1))

    assert (answer.status_code, verdicts(), told) == (400, ["foreign"], [])


def test_a_message_that_comes_twice_is_read_once(account, told, django_capture_on_commit_callbacks):
    for _turn in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert push(account, message()).status_code == 200

    assert (verdicts(), len(told)) == (["verified", "replayed"], 1)


def test_several_messages_in_one_push_are_all_read(account, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        push(account, message("m-1") + message("m-2", aftersale_id=8))

    assert told == [(account.pk, Hint(case_numbers=("7", "8")))]


def test_d6_a_message_in_which_nothing_is_found_is_kept_as_a_hint(account, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = push(account, {"something": "new"})

    assert (answer.status_code, verdicts(), told) == (200, ["verified"], [(account.pk, Hint(is_vague=True))])


def test_d7_the_console_s_test_is_acknowledged_and_not_kept(account, told):
    answer = push(account, [{"tag": "0", "msg_id": "0", "data": "2026-11-24T17:00:00+08:00"}])

    assert (answer.status_code, answer.json()["code"], verdicts(), told) == (200, 0, [], [])


@pytest.mark.parametrize("body", [b"not json", b"[]", b"7", b'["x"]'])
def test_signed_nonsense_is_malformed(account, told, body):
    assert (push(account, body).status_code, verdicts(), told) == (400, ["malformed"], [])


def test_a_call_signed_as_spi_over_query_and_body_is_taken_too(account, told, django_capture_on_commit_callbacks):
    body = '{"aftersale_id":"7"}'
    timestamp = str(int(time.time()))
    query = {
        "app_key": APP.app_key,
        "timestamp": timestamp,
        "sign_method": "hmac-sha256",
        "sign": sign(APP.app_key, APP.app_secret, param_json=body, timestamp=timestamp),
    }
    url = f"/push/platform/{account.push_token}/?{urlencode(query)}"

    with django_capture_on_commit_callbacks(execute=True):
        good = Client().post(url, body.encode(), content_type="application/json")
    bad = Client().post(url, body.replace("7", "8").encode(), content_type="application/json")
    old = Client().post(url.replace("hmac-sha256", "md5"), body.encode(), content_type="application/json")

    assert (good.status_code, bad.status_code, old.status_code) == (200, 400, 400)
    assert (verdicts(), told) == (["verified", "forged", "forged"], [(account.pk, Hint(case_numbers=("7",)))])
