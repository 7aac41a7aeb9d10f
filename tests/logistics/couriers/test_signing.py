"""Every digest of the couriers' facts, over bytes given here and nowhere else."""

import json

import pytest

from logistics.couriers import registry, signing
from logistics.couriers.base import Kind


class Account:
    courier = ""
    customer_code = "C1"

    def __init__(self, **secrets):
        self.secrets = secrets


TIMESTAMP = 1735689600000
BODY = '{"billCode":"73100000000001"}'


@pytest.fixture
def fixed_clock(monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: TIMESTAMP * 1_000_000)


@pytest.mark.parametrize(
    ("switches", "digest"),
    [
        ({}, "QR9TUJswA4iE8/CS+zbJPQ=="),
        ({"encoding": "hex"}, "411f53509b30038884f3f092fb36c93d"),
        ({"with_timestamp": True}, "a0y2C5UO07qVFE2RbTHMog=="),
        ({"digest": "sha256"}, "/WHQk53yi4QgiYmxkuWfliwbUlQdtvKtBCOUOIdMJpU="),
    ],
)
def test_zto_signs_the_body_it_sends(fixed_clock, switches, digest):
    account = Account(app_key="demo-app", app_secret="demo-secret", **switches)

    call = registry.get("zto").build_track(account, "73100000000001")

    assert call.body == BODY.encode()
    assert call.headers["x-datadigest"] == digest
    assert call.headers["x-companyid"] == "demo-app"
    assert call.headers.get("x-timestamp") == (str(TIMESTAMP) if "with_timestamp" in switches else None)


def test_zto_can_sign_with_a_separate_hmac_key():
    import base64
    import hashlib
    import hmac

    account = Account(app_key="demo-app", app_secret="demo-secret", digest="hmac_sha256", secret_key="third")

    call = registry.get("zto").build_track(account, "73100000000001")

    expected = hmac.new(b"third", call.body + b"demo-secret", hashlib.sha256).digest()
    assert call.headers["x-datadigest"] == base64.b64encode(expected).decode()


def test_zto_push_digest_of_the_facts():
    assert signing.md5_base64('{"action":"RETURN_SCAN","billCode":"73100000000001"}', "demo-secret") == (
        "Y8ywY0pf4AJiwozUWNhRMw=="
    )


def test_the_vector_yto_publishes():
    assert signing.md5_base64("opentest", "123456") == "YLstCNa3x8ijQx16e/jqOA=="


def test_yto_signs_param_method_and_version(fixed_clock):
    keys = {"client_code": "K100", "secret": "demo-secret", "url_key": "track"}
    account = Account(track_query_adapter=keys)

    call = registry.get("yto").build_track(account, "YT0000000000001")

    body = json.loads(call.body)
    assert call.url.endswith("/open/track_query_adapter/v1/track/K100")
    assert body == {
        "timestamp": str(TIMESTAMP),
        "param": '{"NUMBER":"YT0000000000001"}',
        "sign": "sQ0LIk5gDOyOCFMw2QgnqQ==",
        "format": "JSON",
    }


def test_yto_sends_the_same_content_as_a_form_when_told_to(fixed_clock):
    keys = {"client_code": "K100", "secret": "demo-secret", "url_key": "track"}
    account = Account(track_query_adapter=keys, body="form")

    call = registry.get("yto").build_track(account, "YT0000000000001")

    assert call.body == (
        b"timestamp=1735689600000&param=%7B%22NUMBER%22%3A%22YT0000000000001%22%7D"
        b"&sign=sQ0LIk5gDOyOCFMw2QgnqQ%3D%3D&format=JSON"
    )


def test_yto_intercept_digest_of_the_facts(fixed_clock):
    param = '{"waybillNo":"YT0000000000001","wantedDesc":"refund"}'
    assert signing.md5_base64(param, "wanted_report_adapter", "v1", "demo-secret") == "qI7z/+YO0CrbRiFllIyoig=="

    account = Account(wanted_report_adapter={"client_code": "K", "secret": "demo-secret", "url_key": "u"})
    call = registry.get("yto").build_create(
        account, "YT0000000000001", request_id="r", biz_no="", kind=Kind.RETURN_TO_SENDER, reason="refund"
    )
    assert json.loads(call.body)["sign"] == "qI7z/+YO0CrbRiFllIyoig=="
    assert json.loads(call.body)["param"] == param


def test_yto_push_digest_of_the_facts():
    document = "<UpdateInfo><mailNo>YT0000000000001</mailNo><infoContent>TMS_RETURN</infoContent></UpdateInfo>"
    assert signing.md5_base64(document, "demo-secret") == "AjsEgsndv/bbXBhdVFWizw=="


def test_chinese_is_sent_as_utf8_and_signed_as_sent():
    account = Account(wanted_report_adapter={"client_code": "K", "secret": "demo-secret", "url_key": "u"})

    call = registry.get("yto").build_create(
        account, "YT1", request_id="r", biz_no="IC1", kind=Kind.RETURN_TO_SENDER, reason="买家不想要了"
    )

    body = json.loads(call.body)
    assert body["param"] == '{"waybillNo":"YT1","wantedDesc":"买家不想要了 IC1"}'
    assert body["sign"] == signing.md5_base64(body["param"], "wanted_report_adapter", "v1", "demo-secret")


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"data=%7B%7D&data_digest=a%2Bb%3D", {"data": b"{}", "data_digest": b"a+b="}),
        (b'{"data":"{\\"a\\":1}","data_digest":"x","n":1}', {"data": b'{"a":1}', "data_digest": b"x"}),
        (b"data=1&data=2", {"data": b"1"}),
        (b"data=%E4%B8%AD+%zz", {"data": "中 %zz".encode()}),
        (b"", {}),
        (b"{", {}),
        (b'{"data":"\\ud800"}', {}),
        (b"[" * 100_000, {}),
        (b'{"a":' * 100_000, {}),
    ],
)
def test_the_fields_of_a_push_keep_the_bytes_that_were_signed(raw, fields):
    assert signing.push_fields(raw) == fields


def test_a_body_of_ampersands_costs_forty_fields_at_most():
    assert len(signing.push_fields(b"&".join(b"f%d=1" % n for n in range(10_000)))) == 40


def test_unknown_digest_and_encoding_are_refused():
    with pytest.raises(ValueError):
        signing.digest("crc", "base64", "x")
    with pytest.raises(ValueError):
        signing.digest("md5", "base32", "x")
