"""Every courier of the registry keeps the same promises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.couriers import registry, wire
from logistics.couriers.base import Answer, CourierError, ErrorClass, Event, InterceptState, Kind, Push, Scan, event_key
from logistics.parcels.enums import PackageState
from tests.logistics.couriers.contract import EXAMPLES, parcel_of

COURIERS = {courier.code: courier for courier in registry.all()}
every_courier = pytest.mark.parametrize("code", list(COURIERS))
every_signing_courier = pytest.mark.parametrize(
    "code", [code for code, courier in COURIERS.items() if courier.capabilities.signs_pushes]
)


def test_every_registered_courier_is_put_to_this_test():
    assert sorted(EXAMPLES) == sorted(COURIERS)


def test_scans_speak_the_parcels_words():
    assert {scan.value for scan in Scan} == {state.value for state in PackageState}


def test_an_unknown_courier_is_an_error_where_it_must_exist_and_none_where_it_may_not():
    with pytest.raises(KeyError):
        registry.get("dhl")
    assert registry.find("dhl") is None


@every_courier
def test_it_says_who_it_is_and_what_it_can(code):
    courier = COURIERS[code]
    can = courier.capabilities

    assert registry.get(code) is courier
    assert courier.code == code
    assert str(courier.label)
    assert can.evidence in ("status", "return_scan", "person")
    assert can.can_query_state or can.evidence != "status"
    assert Kind.RETURN_TO_SENDER in can.kinds
    assert can.batch_size >= 1
    assert can.min_interval_s >= 0
    assert courier.secrets


@every_courier
def test_what_it_cannot_do_it_refuses_without_a_call(code, monkeypatch):
    courier, example = COURIERS[code], EXAMPLES[code]
    monkeypatch.setattr("logistics.couriers.base.send", lambda call: pytest.fail(f"called {call.url}"))
    impossible = [kind for kind in Kind if kind not in courier.capabilities.kinds]
    refused = [lambda k=kind: _create(courier, example, k) for kind in impossible]
    if not courier.capabilities.can_cancel:
        refused.append(lambda: courier.cancel_intercept(example.account, example.waybill, biz_no="IC1"))
    if not courier.capabilities.can_query_state:
        refused.append(lambda: courier.query_intercept(example.account, example.waybill))
    if not courier.capabilities.can_subscribe:
        refused.append(lambda: courier.subscribe(example.account, example.waybill))

    for call in refused:
        with pytest.raises(CourierError) as caught:
            call()
        assert caught.value.error_class is ErrorClass.NOT_SUPPORTED
        assert (caught.value.retry, caught.value.is_unknown_outcome) == (False, False)


def _create(courier, example, kind=Kind.RETURN_TO_SENDER):
    return courier.create_intercept(
        example.account, example.waybill, request_id="IC1", biz_no="IC1", kind=kind, reason="refund"
    )


def calls_of(courier, example):
    """(call, parse) of everything it can do."""
    account, waybill = example.account, example.waybill
    build = courier.build_create(
        account, waybill, request_id="IC1", biz_no="IC1", kind=Kind.RETURN_TO_SENDER, reason="退款"
    )
    found = [
        (build, courier.parse_create),
        (courier.build_track(account, waybill, "0000"), lambda answer: courier.parse_track(answer, waybill)),
    ]
    if courier.capabilities.can_subscribe:
        found.append((courier.build_subscribe(account, waybill), courier.parse_subscribe))
    if courier.capabilities.can_cancel:
        cancel = courier.build_cancel(account, waybill, biz_no="IC1", external_ref="X")
        found.append((cancel, courier.parse_cancel))
    if courier.capabilities.can_query_state:
        query = courier.build_query(account, waybill)
        found.append((query, lambda answer: courier.parse_query(answer, waybill)))
    return found


@every_courier
def test_calls_go_to_the_configured_host_only_and_secrets_stay_out_of_them(code, settings):
    settings.COURIER_HOSTS = {code: "http://courier.test", f"{code}_api": "http://courier.test"}
    example = EXAMPLES[code]

    for call, _ in calls_of(COURIERS[code], example):
        assert call.url.startswith("http://courier.test/")
        sent = call.url.encode() + call.body + json.dumps(call.headers).encode()
        assert not [secret for secret in _secret_values(example.account.secrets) if secret.encode() in sent]


def _secret_values(secrets):
    for name, value in secrets.items():
        if isinstance(value, dict):
            yield from _secret_values(value)
        elif "secret" in name or "private" in name:
            yield value


@every_courier
def test_reading_changes_nothing_and_asking_to_stop_does(code):
    courier, example = COURIERS[code], EXAMPLES[code]

    assert courier.build_track(example.account, example.waybill).is_write is False
    assert calls_of(courier, example)[0][0].is_write is True
    if courier.capabilities.can_query_state:
        assert courier.build_query(example.account, example.waybill).is_write is False


NONSENSE = ["", "null", "0", "[]", "{}", '"x"', "<html>502</html>", "\ufffd", "[" * 9000, "{" * 9000]


def read(parse, call, text):
    """(what was read, the error instead of it)"""
    try:
        return parse(Answer(text, call.is_write)), None
    except CourierError as error:
        return None, error


@every_courier
@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_never_is_a_success_and_leaves_the_outcome_of_a_write_open(code, text):
    for call, parse in calls_of(COURIERS[code], EXAMPLES[code]):
        answer, error = read(parse, call, text)

        if error is None:
            assert (answer, call.is_write) == ([], False)
        else:
            assert error.is_unknown_outcome is call.is_write
            assert error.error_class is ErrorClass.TRANSIENT or not call.is_write


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "status",
                        "statusCode",
                        "success",
                        "code",
                        "result",
                        "data",
                        "map",
                        "message",
                        "reason",
                        "statusMessage",
                        "scanDate",
                        "scanType",
                        "scanSite",
                        "infoContent",
                        "upload_Time",
                        "errorMsg",
                        "opTime",
                        "details",
                        "billCode",
                        "scanTime",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_json_comes_back_only_courier_errors_come_out(content):
    for code, courier in COURIERS.items():
        for call, parse in calls_of(courier, EXAMPLES[code]):
            _, error = read(parse, call, json.dumps(content))

            assert error is None or isinstance(error.error_class, ErrorClass)


@every_courier
def test_every_scan_of_its_pushes_is_understood(code):
    courier, example, parcel = COURIERS[code], EXAMPLES[code], parcel_of(code)

    for scan in parcel.scans:
        body, headers = example.push(parcel, scan)
        assert courier.verify_push(example.account, headers, body, headers["content-type"]) is True
        push = courier.parse_push(example.account, headers, body)
        assert isinstance(push, Push)
        assert (push.waybill, push.is_hint) == (example.waybill, not courier.capabilities.signs_pushes)
        if push.is_hint:
            # Nobody signed it: it is a reason to ask, and nothing of it is believed.
            assert (push.events, bool(push.ack)) == ([], True)
            continue
        # Some push the scan, others the whole track up to it.
        event = push.events[-1]
        assert event.status in set(Scan)
        assert event.event_at.timestamp() == scan["at"]
        assert (event.site, event.text) == (scan["name"], scan["text"])
        assert push.ack


@every_signing_courier
def test_a_return_and_a_change_of_address_are_told_apart(code):
    courier, example, parcel = COURIERS[code], EXAMPLES[code], parcel_of(code)
    scans = {scan["scan"]: scan for scan in parcel.scans}

    def status(name):
        body, headers = example.push(parcel, scans[name])
        return courier.parse_push(example.account, headers, body).events[-1].status

    assert status("return") == "returning"
    assert status("address_change") in ("redirected", "in_transit")
    assert status("refused") == "refused"
    assert status("problem") == "exception"


@every_signing_courier
def test_one_changed_byte_breaks_the_signature(code):
    courier, example, parcel = COURIERS[code], EXAMPLES[code], parcel_of(code)
    body, headers = example.push(parcel, parcel.scans[0])
    waybill = example.waybill.encode()
    assert waybill in body

    forged = body.replace(waybill, waybill[:-1] + b"9")

    assert courier.verify_push(example.account, headers, forged, headers["content-type"]) is False
    assert courier.verify_push(example.stranger, headers, body, headers["content-type"]) is False


@every_courier
def test_an_account_without_a_secret_verifies_nothing(code):
    courier, example, parcel = COURIERS[code], EXAMPLES[code], parcel_of(code)
    body, headers = example.push(parcel, parcel.scans[0])
    empty = type(example.account)(example.account.courier, {}, example.account.via)

    assert courier.verify_push(empty, headers, body, headers["content-type"]) is False


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_a_push_door_stumble(raw):
    for code, courier in COURIERS.items():
        assert courier.verify_push(EXAMPLES[code].account, {}, raw, "") is False
        with pytest.raises(CourierError) as caught:
            courier.parse_push(EXAMPLES[code].account, {}, raw)
        assert caught.value.error_class is ErrorClass.BAD_REQUEST


@every_courier
def test_its_acknowledgements_differ(code):
    yes, no = COURIERS[code].ack(True), COURIERS[code].ack(False)

    assert yes[0] != no[0]
    assert (yes[1], yes[2]) == (no[1], 200)


@pytest.mark.parametrize("state", list(InterceptState))
def test_states_are_stored_words(state):
    assert state.value == state.name.lower()


def test_the_key_of_an_event_is_stable_and_fits_a_bigint():
    from datetime import UTC, datetime

    event = Event(datetime(2025, 1, 1, tzinfo=UTC), "signed", "SIGNED", site="杭州西湖一部", scan="signed")

    assert event_key(event) == event_key(Event(event.event_at, "", "签收", site="杭州西湖一部", scan="signed"))
    assert event_key(event) != event_key(Event(event.event_at, "signed", "SIGNED", site="杭州西湖二部", scan="signed"))
    assert -(2**63) <= event_key(event) < 2**63
    assert event_key(Event(event.event_at, "", "A", event_id="7")) == event_key(
        Event(event.event_at, "", "B", event_id="7")
    )


@pytest.mark.parametrize(
    ("status", "error_class", "is_unknown"),
    [
        (500, "transient", True),
        (503, "transient", True),
        (302, "transient", True),
        (429, "throttled", False),
        (401, "auth", False),
        (403, "auth", False),
        (404, "bad_request", False),
    ],
)
def test_http_statuses_have_a_class(status, error_class, is_unknown):
    with pytest.raises(CourierError) as caught:
        wire._answer(wire.Call("http://x", b"", is_write=True), status, b"body")

    error = caught.value
    assert (error.error_class.value, error.is_unknown_outcome, error.raw) == (error_class, is_unknown, "body")
