import base64

import pytest

from merchant.platforms.kuaishou import signing

REQUEST = {
    "appkey": "demo-app",
    "method": "open.seller.order.refund.detail",
    "version": "1",
    "param": '{"refundId":123}',
    "access_token": "demo-token",
    "timestamp": "1735689600000",
}
SECRET = "demo-sign-secret"
KEY = "MDEyMzQ1Njc4OWFiY2RlZg=="


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("MD5", "3c50f3dd6a06fb4a5309f6e7e52deaa4"),
        ("HMAC_SHA256", "VMvP/1fe1UJE/Da2YwwPoTovv1virCYbZQw3Huml7rQ="),
    ],
)
def test_both_signatures_are_the_ones_computed_elsewhere(method, expected):
    params = {**REQUEST, "signMethod": method}

    assert signing.sign(params, SECRET) == expected
    assert signing.verify({**params, "sign": expected}, SECRET) is True


def test_the_signed_text_is_sorted_unencoded_and_ends_with_the_secret():
    text = signing.signing_text({**REQUEST, "signMethod": "MD5", "sign": "old"}, SECRET)

    assert text == (
        "access_token=demo-token&appkey=demo-app&method=open.seller.order.refund.detail"
        '&param={"refundId":123}&signMethod=MD5&timestamp=1735689600000&version=1&signSecret=demo-sign-secret'
    )


def test_an_empty_parameter_is_not_signed():
    assert signing.signing_text({"b": "", "a": "1"}, "s") == "a=1&signSecret=s"


@pytest.mark.parametrize(
    "change",
    [{"param": '{"refundId":124}'}, {"access_token": "other"}, {"sign": ""}, {"sign": "ä"}, {"signMethod": "SHA1"}],
)
def test_a_request_with_one_value_changed_is_not_verified(change):
    params = {**REQUEST, "signMethod": "MD5"}
    params["sign"] = signing.sign(params, SECRET)

    assert signing.verify({**params, **change}, SECRET) is False


def test_another_secret_does_not_verify():
    params = {**REQUEST, "signMethod": "HMAC_SHA256"}
    params["sign"] = signing.sign(params, SECRET)

    assert signing.verify(params, "another") is False


def test_a_sign_method_nobody_knows_is_an_error():
    with pytest.raises(ValueError):
        signing.sign({**REQUEST, "signMethod": "SHA1"}, SECRET)


def test_a_message_is_sealed_and_opened_as_computed_elsewhere():
    plain = '{"event":"kwaishop_aftersales_addRefund"}'
    sealed = "1KwOhRNJcUJFsEQep77V4s6hzSHqvKRhMuxjhnD3jSVQRTKWsGL9h1D4/+dD8AtC"

    assert signing.encrypt_message(KEY, plain) == sealed
    assert signing.decrypt_message(KEY, sealed) == plain
    assert signing.decrypt_message(KEY, sealed.encode() + b"\n") == plain


def test_a_chinese_message_survives_the_seal():
    assert signing.decrypt_message(KEY, signing.encrypt_message(KEY, "买家申请退款")) == "买家申请退款"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not base64 at all!",
        b"1KwOhRNJcUJFsEQep77V4s6hzSHqvKRhMuxjhnD3jSVQRTKWsGL9h1D4/+dD8Atd",
        base64.b64encode(b"fifteen bytes .."),
        base64.b64encode(b"short"),
        signing.encrypt_message(base64.b64encode(b"another key 1234").decode(), '{"a":1}').encode(),
        b"\xff\xfe",
    ],
)
def test_a_body_of_another_key_is_one_error_whatever_is_wrong_with_it(body):
    with pytest.raises(ValueError, match=r"^not a message of this account$"):
        signing.decrypt_message(KEY, body)


def test_an_account_without_a_message_key_opens_nothing():
    with pytest.raises(ValueError):
        signing.decrypt_message("", signing.encrypt_message(KEY, "{}"))
