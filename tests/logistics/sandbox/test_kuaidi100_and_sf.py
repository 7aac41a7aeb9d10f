"""What only Kuaidi100 and SF do on the wire: addresses told with a request, patience, phones, fees, unsigned pushes."""

import time

import aiohttp
import pytest

from logistics.couriers import registry
from logistics.couriers.base import ErrorClass
from logistics.sandbox.accounts import kuaidi100_secrets, sf_secrets
from tests import aio
from tests.logistics.couriers.contract import EXAMPLES, Account
from tests.logistics.sandbox.test_pushes import YES
from tests.logistics.sandbox.test_wire import ACCOUNTS, new_parcel, refused, stop, until

WAY, SF = registry.get("kuaidi100"), registry.get("sf")
THROUGH = ACCOUNTS["kuaidi100"]


@pytest.fixture
def reachable(merchant, settings):
    """The merchant's door stands where our addresses point."""
    settings.SITE_URL = merchant.url.removesuffix("/push")
    merchant.answer = lambda body: (200, YES["kuaidi100"])
    return merchant


def pushes(merchant, via="kuaidi100", account=None):
    return [registry.get(via).parse_push(account or THROUGH, headers, body) for body, headers in merchant.bodies]


# --- Kuaidi100 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "waybill"), [("zto", "7312000001"), ("yto", "YT12"), ("sto", "77712"), ("jt", "JT12"), ("sf", "SF12")]
)
def test_five_couriers_are_asked_and_stopped_through_it(courier, reachable, code, waybill):
    account = Account(code, kuaidi100_secrets(), "kuaidi100")
    courier.control("/parcels", {"courier": code, "waybill": waybill, "script": "silent", "replace": True})

    WAY.subscribe(account, waybill)
    reference = stop("kuaidi100", waybill, account=account).external_ref
    courier.control(f"/parcels/{waybill}/advance", {"to": "stop"})

    assert WAY.track(account, waybill)[-1].status == "returning"
    assert courier.control(f"/parcels/{waybill}")["intercept"]["reference"] == reference
    assert {push.waybill for push in until(lambda: pushes(reachable, account=account))} == {waybill}


def test_a_subscription_tells_where_to_push_and_with_what_salt(courier, reachable):
    waybill = new_parcel(courier, "kuaidi100", hold=True, script="silent")
    WAY.subscribe(THROUGH, waybill)

    courier.control(f"/parcels/{waybill}/advance", {"to": "out_for_delivery"})

    until(lambda: reachable.bodies)
    body, headers = reachable.bodies[0]
    assert WAY.verify_push(THROUGH, headers, body, headers["content-type"]) is True
    assert WAY.verify_push(EXAMPLES["kuaidi100"].stranger, headers, body, headers["content-type"]) is False
    assert [event.status for event in pushes(reachable)[0].events] == [
        "picked_up",
        "in_transit",
        "in_transit",
        "out_for_delivery",
    ]


def test_a_second_subscription_is_one_it_has_already(courier, reachable):
    waybill = new_parcel(courier, "kuaidi100", hold=True)
    WAY.subscribe(THROUGH, waybill)

    assert refused(WAY.subscribe, THROUGH, waybill).error_class is ErrorClass.DUPLICATE


def test_what_comes_of_a_stop_is_called_back_and_is_a_hint(courier, reachable):
    waybill = new_parcel(courier, "kuaidi100", hold=True, script="silent")
    stop("kuaidi100", waybill)

    courier.control(f"/parcels/{waybill}/advance", {"to": "fail"})

    until(lambda: reachable.bodies)
    push = pushes(reachable)[0]
    assert (push.waybill, push.events, push.is_hint) == (waybill, [], True)


def test_pushes_may_end_before_the_journey_does(courier, reachable):
    address = f"{reachable.url}/x"
    waybill = new_parcel(courier, "kuaidi100", hold=True, push_url=address, wire={"abort_push": 1})

    courier.control(f"/parcels/{waybill}/repush", {"times": 1})

    until(lambda: reachable.bodies)
    assert [(push.waybill, push.events, push.has_ended) for push in pushes(reachable)] == [(waybill, [], True)]


def test_a_push_is_repeated_three_times_and_then_given_up(courier, merchant):
    merchant.answer = lambda body: (500, "")
    before = courier.control("/stats")["pushes"].get("given_up", 0)
    waybill = new_parcel(courier, "kuaidi100", hold=True, push_url=merchant.url, script="silent")

    courier.control(f"/parcels/{waybill}/advance", {"to": "in_transit"})

    # Half an hour is 1.8 seconds here.
    until(lambda: courier.control("/stats")["pushes"].get("given_up", 0) == before + 1)
    assert len(merchant.bodies) == 4


def test_asking_too_soon_is_answered_and_written_down(courier):
    waybill = new_parcel(courier, "kuaidi100", hold=True)

    for _ in range(3):
        assert len(WAY.track(THROUGH, waybill)) == 3

    assert courier.control(f"/parcels/{waybill}")["calls"] == {"track": 3, "track_too_soon": 2}


def test_a_wrong_key_customer_secret_or_sign_is_for_a_person(courier):
    waybill = new_parcel(courier, "kuaidi100", hold=True)

    def with_(**wrong):
        return Account("zto", {**kuaidi100_secrets(), **wrong}, "kuaidi100")

    errors = [
        refused(WAY.track, with_(customer="nobody"), waybill),
        refused(WAY.track, with_(key="wrong"), waybill),
        refused(stop, "kuaidi100", waybill, account=with_(secret="wrong")),
        refused(WAY.subscribe, with_(key="nobody"), waybill),
    ]

    assert [(error.error_class.value, error.code) for error in errors] == [
        ("auth", "601"),
        ("auth", "503"),
        ("auth", "503"),
        ("auth", "600"),
    ]
    assert courier.control(f"/parcels/{waybill}")["intercepts"] == []


def test_the_phone_is_wanted_where_the_courier_wants_it(courier):
    waybill = new_parcel(courier, "kuaidi100", hold=True, phone_last4="4321", wire={"needs_phone": 1})

    assert refused(WAY.track, THROUGH, waybill).code == "408"
    assert len(WAY.track(THROUGH, waybill, "4321")) == 3


def test_another_courier_s_parcel_of_that_number_is_none(courier):
    waybill = new_parcel(courier, "kuaidi100", hold=True)
    account = Account("yto", kuaidi100_secrets(), "kuaidi100")

    assert refused(WAY.track, account, waybill).error_class is ErrorClass.NOT_YET_TRACKABLE


# --- SF -----------------------------------------------------------------------------------------------------------------


def test_sf_names_its_number_and_its_fee_or_says_nothing(courier):
    plain, silent = new_parcel(courier, "sf"), new_parcel(courier, "sf", wire={"null_answer": 1})

    told, nothing = stop("sf", plain), stop("sf", silent)

    assert (told.fee_fen, nothing.fee_fen, nothing.external_ref) == (1250, None, "")
    assert told.external_ref == courier.control(f"/parcels/{plain}")["intercept"]["reference"]


def test_sf_takes_a_request_back_under_its_own_number_only(courier):
    waybill = new_parcel(courier, "sf", script="silent")
    reference = stop("sf", waybill).external_ref

    error = refused(SF.cancel_intercept, ACCOUNTS["sf"], waybill, biz_no="IC1", external_ref="another")
    assert error.error_class is ErrorClass.NOT_SUPPORTED
    SF.cancel_intercept(ACCOUNTS["sf"], waybill, biz_no="IC1", external_ref=reference)

    assert courier.control(f"/parcels/{waybill}")["intercept"]["status"] == "INTERCEPT_CANCEL"


@pytest.mark.parametrize("way", ["standard", "simple"])
def test_sf_is_signed_as_its_console_says(courier, way):
    waybill = new_parcel(courier, "sf", hold=True)

    assert len(SF.track(Account("sf", {**sf_secrets(), "digest": way}), waybill)) == 3


def test_sf_shows_nothing_to_whoever_does_not_know_the_phone(courier):
    waybill = new_parcel(courier, "sf", hold=True, phone_last4="4321")

    assert refused(SF.track, ACCOUNTS["sf"], waybill, "0000").error_class is ErrorClass.NOT_YET_TRACKABLE
    assert len(SF.track(ACCOUNTS["sf"], waybill, "4321")) == 3


def test_a_wrong_check_word_is_told_behind_http_200(courier):
    error = refused(stop, "sf", new_parcel(courier, "sf"), account=Account("sf", {**sf_secrets(), "check_word": "x"}))

    assert (error.error_class, error.code, error.message) == (ErrorClass.AUTH, "A1006", "数字签名无效")


def test_a_month_s_account_needs_its_card(courier):
    account = Account("sf", {**sf_secrets(), "monthly_card": ""})

    assert refused(stop, "sf", new_parcel(courier, "sf"), account=account).error_class is ErrorClass.BAD_REQUEST


def test_sf_pushes_every_parcel_of_an_account_that_gave_an_address_and_takes_xml_and_json(courier, merchant):
    merchant.answer = lambda body: (200, SF.parse_push(ACCOUNTS["sf"], {}, body).ack)
    courier.control("/push_urls", {"courier": "sf", "push_url": merchant.url})
    waybill = new_parcel(courier, "sf", hold=True, script="silent")
    try:
        for verb in ("at_far_hub", "arrived_destination", "out_for_delivery", "signed"):
            courier.control(f"/parcels/{waybill}/advance", {"to": verb})
        until(lambda: len(merchant.bodies) == 4)
        time.sleep(0.3)
    finally:
        courier.control("/push_urls", {"courier": "sf", "push_url": ""})

    assert len(merchant.bodies) == 4
    assert {headers["content-type"].split(";")[0] for _, headers in merchant.bodies} == {
        "application/json",
        "application/x-www-form-urlencoded",
    }
    assert {SF.parse_push(ACCOUNTS["sf"], {}, body).waybill for body, _ in merchant.bodies} == {waybill}


def test_both_are_asked_by_the_poller_too(courier):
    parcels = {code: new_parcel(courier, code, hold=True) for code in ("sf", "kuaidi100")}

    async def read(code):
        async with aiohttp.ClientSession() as session:
            return await registry.get(code).atrack(session, ACCOUNTS[code], parcels[code])

    assert [[event.status for event in aio.run(read(code))] for code in parcels] == [
        ["picked_up", "in_transit", "in_transit"]
    ] * 2
