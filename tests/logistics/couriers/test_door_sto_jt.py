"""STO and J&T at our door over HTTP: their acknowledgements, refusals and repetitions."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.cache import cache

from logistics.couriers import signing
from logistics.parcels.tracking_models import TrackingEvent
from logistics.sandbox.accounts import secrets_of
from merchant.clock import SHANGHAI, now
from merchant.inbox.models import InboxMessage
from tests.logistics.factories import make_package

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()
    yield
    cache.clear()


def parcel_at_the_door(code):
    package = make_package(code)
    package.account.secrets = secrets_of(code)
    package.account.save()
    return package


def moment():
    return f"{(now() - timedelta(minutes=1)).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def sto_push(package, **trace):
    told = {"outBizCode": "B-1", "scanType": "派件", "opTime": moment(), "opOrgName": "杭州西湖一部", **trace}
    text = json.dumps({"waybillNo": package.waybill, "linkCode": "x", "trace": told}, ensure_ascii=False)
    digest = signing.md5_base64(text, secrets_of("sto")["secret_key"])
    return urlencode({"content": text, "data_digest": digest})


def jt_push(package):
    detail = {"scanType": "出仓扫描", "scanTime": moment(), "scanNetworkName": "杭州西湖一部"}
    text = json.dumps({"billCode": package.waybill, "details": [detail]}, ensure_ascii=False)
    return urlencode({"bizContent": text}), signing.md5_base64(text, secrets_of("jt")["private_key"])


def send(client, package, body, **headers):
    path = f"/push/courier/{package.account.push_token}/"
    return client.post(path, body, content_type=FORM, headers=headers)


def seen(package):
    """(verdicts, new scans, parcel) once what waited for the commit has run"""
    package.refresh_from_db()
    verdicts = list(InboxMessage.objects.order_by("pk").values_list("verdict", flat=True))
    return verdicts, TrackingEvent.objects.filter(raw_code__in=("派件", "出仓扫描")).count(), package.state


@pytest.mark.req("R0.14")
def test_sto_numbers_its_pushes_and_the_number_tells_a_repetition(client, django_capture_on_commit_callbacks):
    package = parcel_at_the_door("sto")

    answers = []
    # Not the same bytes: STO signs again when it repeats.
    for memo in ("正在派件", "正在派件。"):
        with django_capture_on_commit_callbacks(execute=True):
            answers.append(send(client, package, sto_push(package, memo=memo)))

    assert [answer.content.decode() for answer in answers] == ['{"success":true,"errorCode":"","errorMsg":""}'] * 2
    assert [answer.status_code for answer in answers] == [200, 200]
    assert seen(package) == (["verified", "replayed"], 1, "out_for_delivery")


@pytest.mark.req("R0.14")
def test_jt_is_acknowledged_and_refused_in_its_own_words(client, django_capture_on_commit_callbacks):
    package = parcel_at_the_door("jt")
    body, digest = jt_push(package)

    with django_capture_on_commit_callbacks(execute=True):
        forged = send(client, package, body, apiAccount="demo", timestamp="1", digest=digest[:-3] + "A==")
        unsigned = send(client, package, body)
    before = seen(package)
    with django_capture_on_commit_callbacks(execute=True):
        taken = send(client, package, body, apiAccount="demo", timestamp="1", digest=digest)

    no = '{"code":"145003030","msg":"headers signature verification failed"}'
    assert [(one.status_code, one.content.decode()) for one in (forged, unsigned)] == [(403, no)] * 2
    assert before == (["forged", "forged"], 0, "in_transit")
    assert (taken.status_code, taken.content.decode()) == (200, '{"code":"1","msg":"success","data":"SUCCESS"}')
    assert seen(package) == (["forged", "forged", "verified"], 1, "out_for_delivery")
