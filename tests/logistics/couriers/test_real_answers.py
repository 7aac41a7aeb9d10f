"""Tracks as Kuaidi100 and SF really answered them, read by their adapters."""

import hashlib
import json
import re
from datetime import datetime
from urllib.parse import urlencode

import pytest

from logistics.couriers import registry
from logistics.couriers.base import Answer, CourierError, ErrorClass, event_key
from logistics.parcels.projection import Frame, point_of, project
from merchant.carriers.registry import code_of
from tests.logistics.couriers.contract import Account

NOW = datetime.fromisoformat("2026-01-01T00:00:00+08:00")

# What each of them comes to: (parcel's state, scans read).
READ = {
    "T01": ("signed", 12),
    "T03": ("signed", 7),
    # An aggregator's verdict on the way: the newest scan says that it is being delivered, the verdict does not.
    "T05": ("in_transit", 10),
    "T06": ("signed", 9),
    "T07": ("signed", 9),
    "T19": ("signed", 9),
    "T20": ("signed", 10),
    "T22": ("signed", 18),
    "T24": ("signed", 7),
    "T26": ("in_transit", 6),
    # "No result" in the place of a scan is none, whatever the verdict says.
    "T29": ("labelled", 0),
    # Signed for by the station and waiting there: the buyer has not come yet.
    "T33": ("at_locker", 8),
    "T35": ("signed", 13),
    "T36": ("signed", 21),
}
SALT = "real"


@pytest.fixture(scope="module")
def tracks(request):
    path = request.getfixturevalue("shared_data") / "tracking" / "courier_traces.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_by_adapter(track):
    payload = track["payload"]
    if track["format"] == "kuaidi100":
        return registry.get("kuaidi100").parse_track(Answer(json.dumps(payload)), payload["nu"])
    if track["format"] == "kuaidi100_push":
        text = json.dumps(payload, ensure_ascii=False)
        sign = hashlib.md5((text + SALT).encode(), usedforsecurity=False).hexdigest().upper()
        body = urlencode({"param": text, "sign": sign}).encode()
        way, account = (
            registry.get("kuaidi100"),
            Account(code_of(payload["lastResult"]["com"]), {"salt": SALT}, "kuaidi100"),
        )
        assert way.verify_push(account, {}, body, "") is True
        push = way.parse_push(account, {}, body)
        assert (push.waybill, push.has_ended) == (payload["lastResult"]["nu"], False)
        return push.events
    # The source kept SF's scans under names of its own; the codes and sentences are SF's.
    rows = [
        {"acceptTime": row["scanDateTime"], "remark": row["remark"], "opCode": row["opCode"]}
        for row in payload["routes"]
    ]
    inner = {"success": True, "errorCode": "S0000", "msgData": {"routeResps": [{"mailNo": "SF1", "routes": rows}]}}
    return registry.get("sf").parse_track(
        Answer(json.dumps({"apiResultCode": "A1000", "apiResultData": json.dumps(inner)})), "SF1"
    )


def adapters_tracks(tracks):
    return {track["id"]: track for track in tracks if track["format"] in ("kuaidi100", "kuaidi100_push", "sf_route")}


@pytest.mark.req("R0.14")
def test_the_adapters_read_every_real_answer_of_kuaidi100_and_sf(tracks):
    found = {}
    for name, track in adapters_tracks(tracks).items():
        if name == "T28":
            continue
        events = read_by_adapter(track)
        found[name] = (project([point_of(event) for event in events], Frame(), NOW).state, len(events))

    assert found == READ


def test_a_number_nobody_knows_is_a_refusal(tracks):
    with pytest.raises(CourierError) as caught:
        read_by_adapter(adapters_tracks(tracks)["T28"])

    assert (caught.value.error_class, caught.value.message) == (
        ErrorClass.UNKNOWN_WAYBILL,
        "快递公司参数异常：单号不存在或者已经过期",
    )


def test_real_codes_are_read_one_by_one(tracks):
    found = adapters_tracks(tracks)

    assert [event.status for event in read_by_adapter(found["T35"])] == [
        "picked_up",
        *["in_transit"] * 7,
        "out_for_delivery",
        # Its row says 在途, its words that it lies in a locker.
        "at_locker",
        "at_locker",
        "out_for_delivery",
        "signed",
    ]
    # SF's codes on which no list agrees (54, 501, 407, 204) move nothing; the source kept no names of states.
    assert [(event.raw_code, event.status) for event in read_by_adapter(found["T36"]) if not event.status] == [
        ("54", ""),
        ("501", ""),
        ("407", ""),
        ("204", ""),
    ]


def test_a_real_scan_keeps_its_key_however_often_it_is_read(tracks):
    for name, track in adapters_tracks(tracks).items():
        if name == "T28":
            continue
        events = read_by_adapter(track)
        assert len({(event.event_at, event_key(event)) for event in events}) == len(events), name


def test_no_phone_of_a_real_answer_is_left_in_plain(tracks):
    for name, track in adapters_tracks(tracks).items():
        if name != "T28":
            assert [e.text for e in read_by_adapter(track) if re.search(r"(?<!\d)1\d{10}(?!\d)", e.text)] == [], name
