"""What the sandbox tells a merchant, how often, and what a kill leaves behind."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter

import pytest

from logistics.couriers import registry
from logistics.sandbox.words import COURIERS
from tests.logistics.couriers.contract import EXAMPLES
from tests.logistics.sandbox.test_wire import SUBSCRIBING, every_courier, new_parcel, stop, until
from tests.sandboxes import PROJECT, start_courier_sandbox

YES = {
    "zto": '{"status": true, "message": "", "result": null, "statusCode": ""}',
    "yto": "<Response><success>true</success></Response>",
    "sto": '{"success":true,"errorCode":"","errorMsg":""}',
    "jt": '{"code":"1","msg":"success","data":"SUCCESS"}',
    "sf": '<Response service="RoutePushService"><Head>OK</Head></Response>',
    "kuaidi100": '{"result":true,"returnCode":"200","message":"成功"}',
}
NO = {code: words.replace("true", "false").replace("OK", "ERR") for code, words in YES.items()}
NO["jt"] = '{"code":"0"}'
# Elsewhere a push says only that something happened.
signing_couriers = pytest.mark.parametrize("code", [c for c in EXAMPLES if registry.get(c).capabilities.signs_pushes])


def read(code, body):
    return registry.get(code).parse_push(EXAMPLES[code].account, {}, body)


@signing_couriers
def test_every_scan_is_pushed_signed_and_once_when_acknowledged(courier, merchant, code):
    merchant.answer = lambda body: (200, YES[code])
    waybill = new_parcel(courier, code, hold=True, push_url=merchant.url, script="silent")

    for verb in ("at_far_hub", "arrived_destination", "out_for_delivery", "signed"):
        courier.control(f"/parcels/{waybill}/advance", {"to": verb})
    until(lambda: len(merchant.bodies) == 4)
    time.sleep(0.5)

    assert len(merchant.bodies) == 4
    account = EXAMPLES[code].account
    for body, headers in merchant.bodies:
        assert registry.get(code).verify_push(account, headers, body, headers["content-type"]) is True
    # Some push the scan, others the whole track up to it.
    told = sorted((read(code, body) for body, _ in merchant.bodies), key=lambda push: push.events[-1].event_at)
    assert {push.waybill for push in told} == {waybill}
    arrived = "arrived_destination" if code == "kuaidi100" else "in_transit"
    assert [push.events[-1].status for push in told] == ["in_transit", arrived, "out_for_delivery", "signed"]
    assert courier.control("/stats")["pushes"]["done"] >= 4


@pytest.mark.parametrize("code", [code for code in SUBSCRIBING if code != "kuaidi100"])
def test_a_parcel_without_an_address_is_pushed_to_its_accounts_once_it_is_subscribed(courier, merchant, code):
    merchant.answer = lambda body: (200, YES[code])
    courier.control("/push_urls", {"courier": code, "push_url": merchant.url})
    waybill = new_parcel(courier, code, hold=True, script="silent")

    courier.control(f"/parcels/{waybill}/advance", {"to": "at_far_hub"})
    registry.get(code).subscribe(EXAMPLES[code].account, waybill, "0000")
    courier.control(f"/parcels/{waybill}/advance", {"to": "arrived_destination"})
    courier.control(f"/parcels/{waybill}/advance", {"to": "out_for_delivery"})
    until(lambda: len(merchant.bodies) == 2)
    time.sleep(0.3)

    told = sorted((read(code, body) for body, _ in merchant.bodies), key=lambda push: push.events[0].event_at)
    assert [push.events[0].status for push in told] == ["in_transit", "out_for_delivery"]
    courier.control("/push_urls", {"courier": code, "push_url": ""})


@pytest.mark.parametrize("told", [{"courier": "dhl", "push_url": ""}, {"courier": "zto", "push_url": "file:///etc"}])
def test_an_account_wants_pushes_only_at_a_web_address_of_a_courier_we_know(courier, told):
    with pytest.raises(urllib.error.HTTPError) as refused:
        courier.control("/push_urls", told)

    assert refused.value.code == 400


def test_zto_pushes_come_as_form_and_as_json(courier, merchant):
    waybill = new_parcel(courier, "zto", hold=True, push_url=merchant.url, script="silent")

    for _ in range(4):
        courier.control(f"/parcels/{waybill}/advance", {"to": "in_transit"})
    until(lambda: len(merchant.bodies) == 4)

    assert Counter(headers["content-type"].split(";")[0] for _, headers in merchant.bodies) == {
        "application/json": 2,
        "application/x-www-form-urlencoded": 2,
    }


@every_courier
def test_a_push_is_repeated_byte_by_byte_until_the_right_acknowledgement(courier, merchant, code):
    answers = iter([(500, ""), (200, "ok"), (200, NO[code]), (200, YES[code])])
    merchant.answer = lambda body: next(answers)
    waybill = new_parcel(courier, code, hold=True, push_url=merchant.url, script="silent")

    courier.control(f"/parcels/{waybill}/advance", {"to": "in_transit"})

    until(lambda: len(merchant.bodies) == 4)
    time.sleep(0.6)
    assert len({body for body, _ in merchant.bodies}) == 1
    assert len(merchant.bodies) == 4


def test_a_duplicate_life_pushes_twice_and_a_silent_one_never(courier, merchant):
    twice = new_parcel(courier, "zto", hold=True, push_url=merchant.url, script="duplicate")
    never = new_parcel(courier, "zto", hold=True, push_url=merchant.url, script="no_push")

    for waybill in (twice, never):
        courier.control(f"/parcels/{waybill}/advance", {"to": "in_transit"})
    until(lambda: len(merchant.bodies) == 2)
    time.sleep(0.3)

    assert Counter(read("zto", body).waybill for body, _ in merchant.bodies) == {twice: 2}


def test_the_last_scan_can_be_pushed_again_at_will(courier, merchant):
    waybill = new_parcel(courier, "zto", hold=True, push_url=merchant.url)

    assert courier.control(f"/parcels/{waybill}/repush", {"times": 3}) == {"sent": 3}

    until(lambda: len(merchant.bodies) == 3)


def test_a_kill_loses_nothing(tmp_path, merchant, settings):
    merchant.answer = lambda body: (500, "")
    courier = start_courier_sandbox(tmp_path, scale=0.0003)
    try:
        settings.COURIER_HOSTS = {"zto": courier.url}
        waybill = new_parcel(courier, "zto", hold=True, push_url=merchant.url, script="stopped")
        courier.control("/faults", {"slow_s": 0.01})
        reference = stop("zto", waybill).external_ref
        until(lambda: merchant.bodies)

        courier.kill()
        merchant.answer = lambda body: (200, YES["zto"])
        courier.start()

        parcel = courier.control(f"/parcels/{waybill}")
        assert parcel["intercept"]["reference"] == reference
        assert courier.control("/faults")["slow_s"] == 0.01
        until(lambda: courier.control("/stats")["pushes"].get("open", 0) == 0)
        until(lambda: courier.control(f"/parcels/{waybill}")["scans"][-1]["scan"] == "arrived")
    finally:
        courier.stop()


def test_outside_the_demo_it_does_not_start(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("HUICANG_TESTING", "HUICANG_DEMO")}
    environment["DJANGO_SETTINGS_MODULE"] = "merchant.settings"
    command = [sys.executable, "manage.py", "courier_sandbox", "--port", "1", "--state", str(tmp_path / "state")]

    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "runs in the demo and in tests only" in done.stderr
    assert not (tmp_path / "state").exists()


# --- the page ---------------------------------------------------------------------------------------------------------


def page(courier, path, data=None, **headers):
    request = urllib.request.Request(courier.url + path, data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers, answer.read().decode()


def test_the_page_lets_a_person_say_that_the_courier_stops_it(courier):
    waybill = new_parcel(courier, "yto", hold=True, script="silent")
    button = '<button name="to" value="stop" class="a-stop"'
    _, before = page(courier, f"/?q={waybill}")
    stop("yto", waybill)
    headers, asked = page(courier, f"/?q={waybill}")

    _, after = page(courier, f"/act/{waybill}", f"to=stop&q={waybill}".encode())

    assert f'{button} disabled title="商家没有发起拦截">快递拦下' in before
    assert f"{button}>快递拦下" in asked
    assert "拦截成功" in after
    assert "退回中" in after
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "style=" not in asked
    assert "onclick" not in asked


def test_the_page_speaks_english_and_escapes_what_it_is_told(courier):
    _, text = page(courier, "/?lang=en&q=%22%3E%3Cscript%3E")

    assert "Courier sandbox" in text
    assert "<script>" not in text
    assert "&quot;&gt;&lt;script&gt;" in text


def test_the_page_s_switches_set_faults(courier):
    page(courier, "/fault", b"name=rate_5xx&on=1")
    assert courier.control("/faults")["rate_5xx"] == 0.3

    page(courier, "/fault", b"name=rate_5xx&on=0")
    assert courier.control("/faults")["rate_5xx"] == 0


def test_another_site_cannot_command_the_courier(courier):
    waybill = new_parcel(courier, "zto", hold=True)

    for path, data in ((f"/act/{waybill}", b"to=signed"), ("/control/reset", b""), ("/control/faults", b"{}")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            page(courier, path, data, origin="http://evil.example")
        assert caught.value.code == 403
    assert courier.control(f"/parcels/{waybill}")["state"] == "in_transit"


def test_the_page_makes_a_parcel_of_every_courier_with_any_life(courier, settings):
    headers, text = page(courier, "/")
    offered = re.findall(r'<select id="courier" name="courier">(.*?)</select>', text)[0]

    for code in COURIERS:
        assert f'<option value="{code}"' in offered
        before = courier.control("/parcels")["count"]
        _, shown = page(courier, "/make", f"courier={code}&script=silent&start=out_for_delivery".encode())
        parcel = courier.control("/parcels?limit=1")["parcels"][0]
        assert courier.control("/parcels")["count"] == before + 1
        assert (parcel["courier"], parcel["script"], parcel["state"]) == (code, "silent", "out_for_delivery")
        assert f'id="p-{parcel["waybill"]}"' in shown
    assert "form-action 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize("told", [b"courier=dhl", b"courier=sto&script=magic", b"courier=sto&start=moon", b""])
def test_the_page_makes_nothing_it_does_not_understand(courier, told):
    before = courier.control("/parcels")["count"]

    with pytest.raises(urllib.error.HTTPError) as caught:
        page(courier, "/make", told)

    assert (caught.value.code, courier.control("/parcels")["count"]) == (400, before)
