"""Tracks as couriers and aggregators really answered them, through the projection. Their text is all they carry, so a
reader of words stands in for an adapter here."""

import json
import random
import re
from datetime import datetime, timedelta

import pytest

from logistics.couriers import registry
from logistics.couriers.base import Answer, Event
from logistics.couriers.scans import moment
from logistics.parcels.enums import PackageState as P
from logistics.parcels.projection import Frame, in_order, point_of, project
from merchant.clock import SHANGHAI

NOW = datetime.fromisoformat("2026-01-01T00:00:00+08:00")
# What the aggregators' own verdict on the whole track means.
VERDICTS = {"3": P.SIGNED, "304": P.SIGNED, "0": P.IN_TRANSIT}
WORDS = (
    (re.compile("签收人|已签收|代签|签收$|签收方式|签收,|签收。|被.{0,12}签收|投递并签收"), P.SIGNED),
    (re.compile("驿站|自提|代收|e栈|丰巢|智能柜"), P.AT_LOCKER),
    (re.compile("派件|派送|投递|送件"), P.OUT_FOR_DELIVERY),
    (re.compile("揽收|已收件|收件】|揽件|收取快件|已收寄"), P.PICKED_UP),
)


def rows_of(answer):
    """(time, words) of every scan, whoever answered."""
    body = answer.get("lastResult") or answer
    for key in ("data", "Traces", "traces", "routes"):
        if isinstance(body.get(key), list):
            rows = body[key]
            break
    else:
        return []
    found = []
    for row in rows:
        at = row.get("time") or row.get("AcceptTime") or row.get("acceptTime") or row.get("scanDateTime")
        words = ("context", "AcceptStation", "acceptStation", "remark", "desc")
        text = next((row[name] for name in words if row.get(name)), "")
        if at and "查无结果" not in text:
            found.append((moment(at), text))
    return found


def events_of(answer):
    return [
        Event(
            event_at=at,
            status=next((s for shape, s in WORDS if shape.search(text)), P.IN_TRANSIT),
            raw_code="",
            text=text,
            site=text[:40],
        )
        for at, text in rows_of(answer)
    ]


@pytest.fixture(scope="module")
def tracks(request):
    path = request.getfixturevalue("shared_data") / "tracking" / "courier_traces.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_real_track_gives_the_same_state_in_any_order(tracks):
    rng = random.Random(20)
    seen = 0
    for track in tracks:
        points = [point_of(event) for event in events_of(track["payload"])]
        expected = project(points, Frame(), NOW)
        for _ in range(5):
            shuffled = points + rng.sample(points, len(points) // 2)
            rng.shuffle(shuffled)
            assert project(shuffled, Frame(), NOW) == expected, track["id"]
        seen += len(points)
    assert seen > 150


def test_the_projection_agrees_with_the_verdict_that_came_with_the_track(tracks):
    disagree = []
    for track in tracks:
        body = track["payload"].get("lastResult") or track["payload"]
        verdict = str(body.get("state") or body.get("State") or "")
        events = events_of(track["payload"])
        if verdict not in VERDICTS or not events:
            continue
        found = project([point_of(event) for event in events], Frame(), NOW)
        expected = {VERDICTS[verdict]}
        if expected == {P.IN_TRANSIT}:
            expected |= {P.PICKED_UP, P.OUT_FOR_DELIVERY}
        if found.state not in expected:
            disagree.append((track["id"], verdict, found.state))

    assert disagree == []


def test_times_of_real_tracks_lie_in_order(tracks):
    for track in tracks:
        points = in_order(point_of(event) for event in events_of(track["payload"]))
        found = project(points, Frame(), NOW)
        if not points:
            assert found.state == P.LABELLED
            continue
        assert found.last_event_at == points[-1].event_at
        assert found.picked_up_at is None or found.picked_up_at <= found.last_event_at
        assert found.signed_at is None or found.picked_up_at <= found.signed_at <= found.last_event_at + timedelta(0)


# --- STO's own words, as its tracks carry them ------------------------------------------------------------------------
# A reseller's line begins with STO's scan, or ends with its verb; 装车 and 装袋 are words no source of ours explains.
STO_WORD = re.compile(r"^【(\w\w)】")
STO_VERBS = (
    ("已签收", "签收"),
    ("派件中", "派件"),
    ("已到达", "到件"),
    ("发往", "发件"),
    ("已收件", "收件"),
    ("", "装袋"),
)
STO_SITE = re.compile("】【([^】]+)】|(?:快件在|快件到达|已到达-)【?([^】-]+)|^([^【】-]+)-")


def as_sto_answers(track):
    """The track in the shape of STO's own answer: the words are real, the envelope is its documents'."""
    rows = []
    for at, text in rows_of(track["payload"]):
        found = STO_WORD.match(text)
        word = found[1] if found else next(word for verb, word in STO_VERBS if verb in text)
        named = STO_SITE.search(text)
        site = next(filter(None, named.groups()), "") if named else ""
        told = {"waybillNo": track["number"], "scanType": word, "memo": text, "opOrgName": site}
        rows.append({**told, "opTime": f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"})
    return Answer(json.dumps({"success": "true", "errorCode": "", "errorMsg": "", "data": {track["number"]: rows}}))


@pytest.mark.req("R0.14")
@pytest.mark.parametrize(
    ("track_id", "states", "unknown"),
    [
        # Two pick-up scans, two departures, a hub that lets go, an arrival, two delivery scans, a signature.
        ("T31", [P.PICKED_UP] * 2 + [P.IN_TRANSIT] * 4 + [P.OUT_FOR_DELIVERY] * 2 + [P.SIGNED], ["装车"]),
        ("T06", [P.PICKED_UP] * 2 + [P.IN_TRANSIT] * 5 + [P.OUT_FOR_DELIVERY, P.SIGNED], ["装袋"]),
    ],
)
def test_real_tracks_of_sto_are_read_by_its_adapter(tracks, track_id, states, unknown):
    track = next(one for one in tracks if one["id"] == track_id)

    events = registry.get("sto").parse_track(as_sto_answers(track), track["number"])

    points = [point_of(event) for event in events]
    assert [project(points[: n + 1], Frame(), NOW).state for n in range(len(points))] == states
    assert [event.raw_code for event in events if not event.status] == unknown
    assert [event.site for event in events if event.is_delivering_site is True] == [
        {"T31": "浙江杭州余杭公司", "T06": "浙江温岭公司"}[track_id]
    ]
    assert {event.is_delivering_site for event in events if event.scan != "arrived"} == {None}
