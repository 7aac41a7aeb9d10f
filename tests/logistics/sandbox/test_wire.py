"""Our adapters against the sandbox process, over real HTTP: every operation, every class of error."""

import asyncio
import itertools
import json
import time
import urllib.error
import urllib.request

import aiohttp
import pytest

from logistics.couriers import registry
from logistics.couriers.base import Address, CourierError, ErrorClass, InterceptState, Kind
from logistics.sandbox.accounts import secrets_of, yto_secrets, zto_secrets
from logistics.sandbox.words import COURIERS
from tests import aio
from tests.logistics.couriers.contract import EXAMPLES, Account

ZTO, YTO = registry.get("zto"), registry.get("yto")
ACCOUNTS = {code: example.account for code, example in EXAMPLES.items()}
STRANGERS = {code: example.stranger for code, example in EXAMPLES.items()}
every_courier = pytest.mark.parametrize("code", list(EXAMPLES))
SUBSCRIBING = [code for code in EXAMPLES if registry.get(code).capabilities.can_subscribe]
WAYBILLS = {
    "zto": "7310000000{:04d}",
    "yto": "YT000000000{:04d}",
    "sto": "77700000000{:04d}",
    "jt": "JT000000000{:04d}",
    "sf": "SF000000000{:04d}",
    "kuaidi100": "7311000000{:04d}",
}
_count = itertools.count(1)


def new_parcel(courier, code, **told):
    waybill = WAYBILLS[code].format(next(_count))
    account = ACCOUNTS[code]
    courier.control("/parcels", {"courier": account.courier, "via": account.via, "waybill": waybill, **told})
    return waybill


def stop(code, waybill, *, number="IC1", kind=Kind.RETURN_TO_SENDER, account=None, **more):
    adapter = registry.get(code)
    return adapter.create_intercept(
        account or ACCOUNTS[code], waybill, request_id=number, biz_no=number, kind=kind, reason="退款", **more
    )


def refused(call, *args, **more):
    with pytest.raises(CourierError) as caught:
        call(*args, **more)
    return caught.value


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("did not happen in time")


def statuses(code, waybill):
    return [event.status for event in registry.get(code).track(ACCOUNTS[code], waybill)]


# --- operations -------------------------------------------------------------------------------------------------------


@every_courier
def test_a_track_is_read_oldest_first(courier, code):
    waybill = new_parcel(courier, code, start="out_for_delivery", hold=True, city="成都市")

    events = registry.get(code).track(ACCOUNTS[code], waybill)

    # Kuaidi100 says itself which arrival is the last one; of the couriers only the site tells.
    last = "arrived_destination" if code == "kuaidi100" else "in_transit"
    assert [event.status for event in events] == ["picked_up", *["in_transit"] * 4, last, "out_for_delivery"]
    assert events == sorted(events, key=lambda event: event.event_at)
    arrivals = [event.is_delivering_site for event in events if event.is_delivering_site is not None]
    assert arrivals == ([] if code == "kuaidi100" else [False, False, True])
    assert events[-1].city.removesuffix("市") == "成都"


@every_courier
def test_a_stop_is_registered_first_and_proved_later(courier, code):
    waybill = new_parcel(courier, code, script="stopped")

    answer = stop(code, waybill)

    assert bool(answer.external_ref) is (code in ("zto", "sf", "kuaidi100"))
    until(lambda: "returning" in statuses(code, waybill))
    parcel = courier.control(f"/parcels/{waybill}")
    assert parcel["intercept"]["status"] == "INTERCEPT_SUCCESS"
    # STO, J&T and SF have no field for a number of ours.
    numbers = {"zto": "IC1", "yto": "退款 IC1", "kuaidi100": "IC1"}
    assert [one["biz_no"] for one in parcel["intercepts"]] == [numbers.get(code, "")]


def test_zto_answers_how_an_interception_stands(courier):
    waybill = new_parcel(courier, "zto", hold=True, script="silent")
    account = ACCOUNTS["zto"]
    assert ZTO.query_intercept(account, waybill).state is InterceptState.UNKNOWN

    stop("zto", waybill)
    assert ZTO.query_intercept(account, waybill).state is InterceptState.RUNNING

    for verb, state in [("changing", InterceptState.UNCLEAR), ("stop", InterceptState.SUCCEEDED)]:
        courier.control(f"/parcels/{waybill}/advance", {"to": verb})
        assert ZTO.query_intercept(account, waybill).state is state


@pytest.mark.parametrize(
    ("verb", "state", "reason"),
    [
        ("fail", InterceptState.FAILED, "in_delivery"),
        ("cancel", InterceptState.WITHDRAWN, ""),
        ("discontinue", InterceptState.ENDED, ""),
    ],
)
def test_zto_ends_an_interception_in_its_own_words(courier, verb, state, reason):
    waybill = new_parcel(courier, "zto", hold=True, script="silent")
    stop("zto", waybill)

    courier.control(f"/parcels/{waybill}/advance", {"to": verb})

    status = ZTO.query_intercept(ACCOUNTS["zto"], waybill)
    assert (status.state, status.reason) == (state, reason)


@pytest.mark.parametrize("code", [code for code in EXAMPLES if registry.get(code).capabilities.can_cancel])
def test_a_request_can_be_taken_back_and_the_parcel_travels_on(courier, code):
    waybill = new_parcel(courier, code, script="silent")
    reference = stop(code, waybill).external_ref

    registry.get(code).cancel_intercept(ACCOUNTS[code], waybill, biz_no="IC1", external_ref=reference)

    parcel = courier.control(f"/parcels/{waybill}")
    assert parcel["intercept"]["status"] == "INTERCEPT_CANCEL"
    assert parcel["next_at"] is not None
    again = refused(registry.get(code).cancel_intercept, ACCOUNTS[code], waybill, biz_no="IC1")
    assert again.error_class is ErrorClass.NOT_SUPPORTED
    stop(code, waybill, number="IC2")


def test_zto_lets_only_the_initiator_take_a_request_back(courier):
    waybill = new_parcel(courier, "zto", script="silent")
    stop("zto", waybill, number="IC1")

    error = refused(ZTO.cancel_intercept, ACCOUNTS["zto"], waybill, biz_no="IC2")

    assert (error.code, error.error_class) == ("E23135", ErrorClass.NOT_SUPPORTED)


@every_courier
def test_a_parcel_can_be_sent_to_another_address(courier, code):
    waybill = new_parcel(courier, code, script="silent")
    address = Address("收件", "13800000000", "浙江省", "杭州市", "西湖区", "文一路1号")

    stop(code, waybill, kind=Kind.CHANGE_ADDRESS, new_address=address)

    assert courier.control(f"/parcels/{waybill}")["intercept"]["destination"] == 3


@pytest.mark.parametrize("code", SUBSCRIBING)
def test_a_subscription_is_taken(courier, code):
    waybill = new_parcel(courier, code)

    registry.get(code).subscribe(ACCOUNTS[code], waybill, "0000")

    assert courier.control(f"/parcels/{waybill}")["is_subscribed"] is True


@every_courier
def test_the_poller_reads_many_at_once(courier, code):
    waybills = [new_parcel(courier, code, hold=True) for _ in range(20)]
    adapter, account = registry.get(code), ACCOUNTS[code]

    async def read_all():
        async with aiohttp.ClientSession() as session:
            if adapter.capabilities.can_subscribe:
                await asyncio.gather(*(adapter.asubscribe(session, account, waybill) for waybill in waybills))
            return await asyncio.gather(*(adapter.atrack(session, account, waybill) for waybill in waybills))

    tracks = aio.run(read_all())

    assert [[event.status for event in track] for track in tracks] == [["picked_up", "in_transit", "in_transit"]] * 20


def test_the_poller_asks_zto_and_cannot_ask_yto(courier):
    waybill = new_parcel(courier, "zto", hold=True, script="silent")
    stop("zto", waybill)

    async def ask(adapter, account):
        async with aiohttp.ClientSession() as session:
            return await adapter.aquery_intercept(session, account, waybill)

    assert aio.run(ask(ZTO, ACCOUNTS["zto"])).state is InterceptState.RUNNING
    with pytest.raises(CourierError) as caught:
        aio.run(ask(YTO, ACCOUNTS["yto"]))
    assert caught.value.error_class is ErrorClass.NOT_SUPPORTED


@pytest.mark.parametrize(
    "switches",
    [{"with_timestamp": True}, {"encoding": "hex"}, {"digest": "sha256"}, {"digest": "sha256", "with_timestamp": True}],
)
def test_zto_accepts_every_way_of_signing(courier, switches):
    waybill = new_parcel(courier, "zto", hold=True)

    assert len(ZTO.track(Account("zto", {**zto_secrets(), **switches}), waybill)) == 3


def test_yto_accepts_a_form_as_well(courier):
    waybill = new_parcel(courier, "yto", hold=True)

    assert len(YTO.track(Account("yto", {**yto_secrets(), "body": "form"}), waybill)) == 3


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_wrong_signature_is_told_in_http_200(courier):
    waybill = new_parcel(courier, "zto")
    wrong = Account("zto", {**zto_secrets(), "app_secret": "guessed"})
    error = refused(ZTO.track, wrong, waybill)
    assert (error.error_class, error.code, error.retry) == (ErrorClass.AUTH, "S211", False)

    waybill = new_parcel(courier, "yto")
    secrets = yto_secrets()
    secrets["wanted_report_adapter"] = {**secrets["wanted_report_adapter"], "secret": "guessed"}
    error = refused(stop, "yto", waybill, account=Account("yto", secrets))
    assert (error.error_class, error.code, error.message) == (ErrorClass.AUTH, "401", "请求加密校验失败")
    assert len(YTO.track(Account("yto", secrets), waybill)) == 3, "another method's credentials are not touched"


@pytest.mark.parametrize(
    ("code", "secret", "error_code", "words"),
    [
        ("sto", "secret_key", "", "签名校验失败"),
        ("jt", "private_key", "145003030", "headers signature verification failed"),
    ],
)
def test_a_wrong_secret_stops_nothing_and_is_for_a_person(courier, code, secret, error_code, words):
    waybill = new_parcel(courier, code)

    error = refused(stop, code, waybill, account=Account(code, {**secrets_of(code), secret: "guessed"}))

    assert (error.error_class, error.code, error.message, error.retry) == (ErrorClass.AUTH, error_code, words, False)
    assert courier.control(f"/parcels/{waybill}")["intercepts"] == []


def test_sto_answers_in_json_and_in_xml_by_turns(courier):
    words = [refused(stop, "sto", "000") for _ in range(4)]

    assert [error.raw[:1] for error in words] in (["{", "<"] * 2, ["<", "{"] * 2)
    assert {(error.error_class, error.message) for error in words} == {(ErrorClass.UNKNOWN_WAYBILL, "运单号不存在")}


@pytest.mark.parametrize("code", ["yto", "sto", "jt"])
def test_only_zto_has_a_call_that_asks_for_the_result(courier, code):
    call = registry.get(code).build_track(ACCOUNTS[code], "1")
    known = {"yto": "track_query_adapter", "sto": "STO_TRACE_QUERY_COMMON", "jt": "logistics/trace"}[code]
    asking = call.url.replace(known, "queryInterceptAndReturnStatus"), call.body.replace(known.encode(), b"query")

    request = urllib.request.Request(asking[0], asking[1], call.headers)
    if code == "jt":
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)
        assert caught.value.code == 404
    else:
        with urllib.request.urlopen(request, timeout=60) as answered:
            assert b"false" in answered.read()


def test_an_app_key_nobody_gave_out_has_no_permission(courier):
    error = refused(ZTO.track, Account("zto", {"app_key": "nobody", "app_secret": "x"}), new_parcel(courier, "zto"))

    assert (error.error_class, error.code) == (ErrorClass.AUTH, "S210")


def test_somebody_else_s_parcel_stays_closed(courier):
    error = refused(ZTO.track, STRANGERS["zto"], new_parcel(courier, "zto"))
    assert (error.error_class, error.code) == (ErrorClass.AUTH, "E418")

    for code in ("yto", "sto", "jt"):
        waybill = new_parcel(courier, code)
        assert refused(stop, code, waybill, account=STRANGERS[code]).error_class is ErrorClass.UNKNOWN_WAYBILL
        assert courier.control(f"/parcels/{waybill}")["intercepts"] == []
        if code != "jt":
            assert registry.get(code).track(STRANGERS[code], waybill) == []


def test_a_waybill_nobody_knows(courier):
    assert refused(ZTO.track, ACCOUNTS["zto"], "000").error_class is ErrorClass.UNKNOWN_WAYBILL
    assert refused(registry.get("jt").track, ACCOUNTS["jt"], "000").error_class is ErrorClass.UNKNOWN_WAYBILL
    for code in ("yto", "sto"):
        assert registry.get(code).track(ACCOUNTS[code], "000") == []
    for code in EXAMPLES:
        error = refused(stop, code, "000")
        assert (error.error_class, error.reason) == (ErrorClass.UNKNOWN_WAYBILL, "not_found")


@pytest.mark.parametrize(
    ("state", "zto", "others"),
    [
        ("labelled", ErrorClass.NOT_YET_TRACKABLE, ErrorClass.NOT_YET_TRACKABLE),
        ("arrived_destination", ErrorClass.TOO_LATE, None),
        ("out_for_delivery", ErrorClass.TOO_LATE, ErrorClass.TOO_LATE),
        ("locker", ErrorClass.TOO_LATE, ErrorClass.TOO_LATE),
        ("signed", ErrorClass.ALREADY_SIGNED, ErrorClass.ALREADY_SIGNED),
    ],
)
def test_how_late_is_too_late(courier, state, zto, others):
    # Through Kuaidi100 it is ZTO that refuses.
    strict = ("zto", "kuaidi100")
    for code, expected in [(code, zto if code in strict else others) for code in EXAMPLES]:
        start = {"locker": "out_for_delivery"}.get(state, state)
        waybill = new_parcel(courier, code, start=start, hold=True, script="silent")
        if state == "locker":
            courier.control(f"/parcels/{waybill}/advance", {"to": "locker"})
        if expected is None:
            assert registry.get(code).capabilities.intercepts_at_destination is True
            stop(code, waybill)
        else:
            error = refused(stop, code, waybill)
            assert (error.error_class, error.is_unknown_outcome) == (expected, False)
            assert courier.control(f"/parcels/{waybill}")["intercepts"] == []


@every_courier
def test_asking_twice_is_a_duplicate_and_makes_no_second_interception(courier, code):
    waybill = new_parcel(courier, code, script="silent")
    stop(code, waybill)

    error = refused(stop, code, waybill)

    assert (error.error_class, error.retry) == (ErrorClass.DUPLICATE, False)
    assert len(courier.control(f"/parcels/{waybill}")["intercepts"]) == 1


@every_courier
def test_a_courier_may_simply_refuse(courier, code):
    error = refused(stop, code, new_parcel(courier, code, script="refused_by_courier"))

    assert (error.error_class, error.reason) == (ErrorClass.NOT_SUPPORTED, "courier_refused")


@every_courier
def test_somebody_else_may_have_asked_first(courier, code):
    error = refused(stop, code, new_parcel(courier, code, script="others"))

    assert error.reason == "others_interception"


def test_zto_wants_the_phone_where_it_wants_it(courier):
    waybill = new_parcel(courier, "zto", hold=True, phone_last4="4321", wire={"needs_phone": 1})

    assert refused(ZTO.track, ACCOUNTS["zto"], waybill).code == "E413"
    assert refused(ZTO.track, ACCOUNTS["zto"], waybill, "0000").code == "E409"
    assert len(ZTO.track(ACCOUNTS["zto"], waybill, "4321")) == 3


# --- no answer --------------------------------------------------------------------------------------------------------


@every_courier
@pytest.mark.parametrize("script", ["5xx", "garbage"])
def test_a_spoiled_answer_to_a_stop_leaves_the_outcome_open_and_the_work_is_done(courier, code, script):
    waybill = new_parcel(courier, code, script=script, hold=True)

    error = refused(stop, code, waybill)

    assert (error.error_class, error.is_unknown_outcome, error.retry) == (ErrorClass.TRANSIENT, True, True)
    assert len(courier.control(f"/parcels/{waybill}")["intercepts"]) == 1
    assert refused(stop, code, waybill).error_class is ErrorClass.DUPLICATE


@every_courier
def test_an_answer_that_comes_too_late_leaves_the_outcome_open(courier, code, settings):
    settings.COURIER_TIMEOUT_S = 0.3
    waybill = new_parcel(courier, code, script="slow", hold=True)

    error = refused(stop, code, waybill)

    assert (error.error_class, error.is_unknown_outcome) == (ErrorClass.TRANSIENT, True)
    assert len(courier.control(f"/parcels/{waybill}")["intercepts"]) == 1


@every_courier
def test_a_throttled_call_was_not_carried_out(courier, code):
    waybill = new_parcel(courier, code, script="throttled", hold=True)

    error = refused(stop, code, waybill)

    assert (error.error_class, error.is_unknown_outcome, error.retry) == (ErrorClass.THROTTLED, False, True)
    assert courier.control(f"/parcels/{waybill}")["intercepts"] == []


@every_courier
def test_a_courier_that_is_not_there_certainly_heard_nothing(courier, code, settings):
    settings.COURIER_HOSTS = {code: "http://127.0.0.1:1", f"{code}_api": "http://127.0.0.1:1"}

    error = refused(stop, code, "1")

    assert (error.error_class, error.is_unknown_outcome, error.retry) == (ErrorClass.TRANSIENT, False, True)


@every_courier
@pytest.mark.parametrize(
    ("faults", "error_class", "is_unknown"),
    [
        ({"rate_5xx": 1}, ErrorClass.TRANSIENT, True),
        ({"garbage": 1}, ErrorClass.TRANSIENT, True),
        ({"drop": 1}, ErrorClass.TRANSIENT, True),
        ({"qps": 1}, ErrorClass.THROTTLED, False),
    ],
)
def test_faults_strike_every_call(courier, code, faults, error_class, is_unknown):
    waybill = new_parcel(courier, code, script="silent", hold=True)
    courier.control("/faults", faults)
    try:
        if "qps" in faults:
            registry.get(code).track(ACCOUNTS[code], waybill)

        error = refused(stop, code, waybill)

        async def atrack():
            async with aiohttp.ClientSession() as session:
                return await registry.get(code).atrack(session, ACCOUNTS[code], waybill)

        read_error = refused(aio.run, atrack())
    finally:
        courier.control("/faults", dict.fromkeys(faults, 0))

    assert (error.error_class, error.is_unknown_outcome) == (error_class, is_unknown)
    assert (read_error.error_class, read_error.is_unknown_outcome) == (error_class, False)


# --- lives ------------------------------------------------------------------------------------------------------------


LIVES = {
    "stopped": "returned",
    "too_late": "signed",
    "delivered": "signed",
    "delivered_anyway": "signed",
    "lost": "exception",
    "late_stop": "returned",
    "changing": "returned",
}


@every_courier
def test_each_life_ends_as_it_is_called(fast_courier, settings, code):
    settings.COURIER_HOSTS = {code: fast_courier.url, f"{code}_api": fast_courier.url}
    waybills = {script: new_parcel(fast_courier, code, script=script, start="far_hub", hold=True) for script in LIVES}
    for waybill in waybills.values():
        stop(code, waybill)
    # Ignored requests change nothing: that parcel has to be sent on its way by hand.
    fast_courier.control(f"/parcels/{waybills['delivered']}/advance", {"to": "signed"})

    def ends():
        return {script: fast_courier.control(f"/parcels/{waybill}")["state"] for script, waybill in waybills.items()}

    until(lambda: ends() == LIVES)


@every_courier
def test_a_buyer_s_refusal_sends_the_parcel_home(fast_courier, settings, code):
    settings.COURIER_HOSTS = {code: fast_courier.url, f"{code}_api": fast_courier.url}
    waybill = new_parcel(fast_courier, code, script="refused", start="out_for_delivery")

    until(lambda: fast_courier.control(f"/parcels/{waybill}")["state"] == "returned")

    found = statuses(code, waybill)
    assert found.index("refused") < found.index("returning")
    # In a query every courier calls the sender's signature a plain one; Kuaidi100 has a word for it.
    assert found[-1] == ("returned" if code == "kuaidi100" else "signed")


@every_courier
def test_a_silent_courier_says_nothing_more(courier, code):
    waybill = new_parcel(courier, code, script="silent")
    stop(code, waybill)

    parcel = courier.control(f"/parcels/{waybill}")

    assert (parcel["next_at"], parcel["plan"], parcel["intercept"]["status"]) == (None, [], "INTERCEPTING")


# --- control ----------------------------------------------------------------------------------------------------------


def code_of(call, *args):
    with pytest.raises(urllib.error.HTTPError) as caught:
        call(*args)
    return caught.value.code, json.loads(caught.value.read())["error"]


def test_the_control_api_says_what_it_does_not_understand(courier):
    waybill = new_parcel(courier, "zto", hold=True)

    assert code_of(courier.control, "/parcels", {"courier": "dhl", "waybill": "1"}) == (
        400,
        f"courier ({', '.join(COURIERS)}) and waybill are needed",
    )
    assert code_of(courier.control, "/parcels", {"courier": "zto", "waybill": "1", "script": "magic"})[0] == 400
    assert code_of(courier.control, "/parcels", {"courier": "zto", "waybill": "1", "colour": "red"})[0] == 400
    assert code_of(courier.control, f"/parcels/{waybill}/advance", {"to": "stop"}) == (
        409,
        "nobody has asked to stop this parcel",
    )
    assert code_of(courier.control, f"/parcels/{waybill}/advance", {"to": "fly"})[0] == 409
    assert code_of(courier.control, "/parcels/none") == (404, "no such parcel")
    assert code_of(courier.control, "/faults", {"rate_5xx": 7})[0] == 400
    assert code_of(courier.control, "/faults", {"earthquake": 1})[0] == 400


def test_many_parcels_are_made_at_once_and_known_ones_stay(courier):
    many = [{"courier": "zto", "waybill": f"7399{n:08d}", "hold": True} for n in range(500)]

    assert courier.control("/parcels", many) == {"created": 500}
    courier.control("/parcels/739900000001/advance", {"to": "signed"})
    courier.control("/parcels", many)

    assert courier.control("/parcels/739900000001")["state"] == "signed"
    assert courier.control("/parcels?q=7399&limit=10")["count"] == 500
