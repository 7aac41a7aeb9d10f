"""Tracks as couriers and aggregators really answered them, through the projection. Their text is all they carry, so a
reader of words stands in for an adapter here."""

import json
import random
import re
from datetime import datetime, timedelta

import pytest

from logistics.couriers.base import Event
from logistics.couriers.scans import moment
from logistics.parcels.enums import PackageState as P
from logistics.tracking.projection import Frame, in_order, point_of, project

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
