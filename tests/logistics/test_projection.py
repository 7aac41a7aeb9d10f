"""From scans to a parcel's state: every rule of the projection, and that the order of arrival never matters."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics.couriers.base import Event
from logistics.parcels.enums import OwnScan, PackageState
from logistics.parcels.places import Match, city_name, compare, is_same_city, settled_city
from logistics.parcels.projection import Frame, point_of, project

P = PackageState
START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LATER = START + timedelta(days=30)
ROAD = Frame(sender_city="上海市", receiver_city="杭州市")
SHANGHAI = {"city": "上海", "site": "上海闵行"}
HANGZHOU = {"city": "浙江省杭州市", "site": "杭州余杭"}


def at(minutes: int, status: str, **more):
    raw = {"raw_code": status, "scan": status} | more
    return point_of(Event(event_at=START + timedelta(minutes=minutes), status=status, **raw))


def state_of(*points, frame: Frame = ROAD, now: datetime = LATER) -> str:
    return project(points, frame, now).state


PICKED_UP = at(0, P.PICKED_UP, **SHANGHAI)
DELIVERY = at(300, P.OUT_FOR_DELIVERY, **HANGZHOU)
RETURN = at(400, P.RETURNING, **HANGZHOU)


def test_a_parcel_without_scans_is_labelled():
    assert state_of() == P.LABELLED


def test_the_latest_scan_decides_whatever_order_the_scans_came_in():
    assert state_of(DELIVERY, at(60, P.IN_TRANSIT), PICKED_UP) == P.OUT_FOR_DELIVERY


def test_two_scans_of_one_second_are_decided_by_how_far_down_the_road_they_are():
    assert state_of(at(5, P.OUT_FOR_DELIVERY), at(5, P.IN_TRANSIT), at(5, P.ARRIVED_DESTINATION)) == P.OUT_FOR_DELIVERY


def test_a_scan_we_cannot_name_moves_nothing_but_is_the_last_thing_heard():
    found = project([PICKED_UP, at(10, "", text="安检")], ROAD, LATER)

    assert (found.state, found.last_event_at, found.last_text) == (P.PICKED_UP, START + timedelta(minutes=10), "安检")


def test_a_scan_more_than_ten_minutes_in_the_future_decides_nothing():
    scans = (PICKED_UP, at(60, P.SIGNED))

    assert state_of(*scans, now=START + timedelta(minutes=49)) == P.PICKED_UP
    assert state_of(*scans, now=START + timedelta(minutes=50)) == P.SIGNED


def test_arriving_at_a_delivering_site_counts_only_in_the_receivers_city():
    here = at(60, P.IN_TRANSIT, is_delivering_site=True, **HANGZHOU)
    elsewhere = at(60, P.IN_TRANSIT, is_delivering_site=True, city="嘉兴市", site="嘉兴南湖")
    hub = at(60, P.IN_TRANSIT, is_delivering_site=False, city="杭州市", site="杭州转运中心")
    at_our_own_site = at(60, P.IN_TRANSIT, is_delivering_site=True, **SHANGHAI)

    assert state_of(PICKED_UP, here) == P.ARRIVED_DESTINATION
    assert state_of(PICKED_UP, elsewhere) == P.IN_TRANSIT
    assert state_of(PICKED_UP, hub) == P.IN_TRANSIT
    assert state_of(PICKED_UP, at_our_own_site) == P.IN_TRANSIT
    assert state_of(PICKED_UP, here, frame=Frame()) == P.IN_TRANSIT


def test_in_one_city_the_collecting_site_is_not_taken_for_the_delivering_one():
    same_city = Frame(sender_city="上海市", receiver_city="上海市")

    assert (
        state_of(PICKED_UP, at(9, P.IN_TRANSIT, is_delivering_site=True, **SHANGHAI), frame=same_city) == P.IN_TRANSIT
    )


def test_a_signature_without_a_return_scan_is_the_buyers():
    found = project([PICKED_UP, DELIVERY, at(320, P.SIGNED)], ROAD, LATER)

    assert (found.state, found.signed_at) == (P.SIGNED, START + timedelta(minutes=320))


def test_a_signature_after_a_return_scan_at_the_senders_side_is_returned():
    found = project([PICKED_UP, DELIVERY, RETURN, at(900, P.SIGNED, **SHANGHAI)], ROAD, LATER)

    assert (found.state, found.signed_at) == (P.RETURNED, None)


def test_a_signature_after_a_return_scan_whose_place_nobody_knows_is_returned():
    assert state_of(PICKED_UP, RETURN, at(900, P.SIGNED)) == P.RETURNED


def test_a_signature_after_a_return_scan_on_the_receivers_side_is_the_buyers():
    found = project([PICKED_UP, DELIVERY, RETURN, at(500, P.SIGNED, **HANGZHOU)], ROAD, LATER)

    assert (found.state, found.signed_at) == (P.SIGNED, START + timedelta(minutes=500))


def test_in_one_city_the_site_tells_the_two_sides_apart():
    city = Frame(sender_city="上海市", receiver_city="上海市")
    road = (
        PICKED_UP,
        at(300, P.OUT_FOR_DELIVERY, city="上海", site="上海浦东"),
        at(400, P.RETURNING, city="上海", site="上海浦东"),
    )

    assert state_of(*road, at(500, P.SIGNED, city="上海", site="上海浦东"), frame=city) == P.SIGNED
    assert state_of(*road, at(500, P.SIGNED, city="上海", site="上海闵行"), frame=city) == P.RETURNED


def test_the_couriers_own_word_about_the_side_comes_before_the_place():
    ours = at(900, P.SIGNED, returned_by_sender_side=True, **HANGZHOU)
    theirs = at(900, P.SIGNED, returned_by_sender_side=False, **SHANGHAI)

    assert state_of(PICKED_UP, RETURN, ours) == P.RETURNED
    assert state_of(PICKED_UP, RETURN, theirs) == P.SIGNED


def test_scans_on_the_way_home_leave_the_parcel_returning():
    way_home = [
        at(500, P.IN_TRANSIT),
        at(600, P.ARRIVED_DESTINATION, **SHANGHAI),
        at(700, P.OUT_FOR_DELIVERY, **SHANGHAI),
    ]

    assert state_of(PICKED_UP, DELIVERY, RETURN, *way_home) == P.RETURNING


def test_at_the_buyers_door_again_the_return_was_broken_off():
    again = at(600, P.OUT_FOR_DELIVERY, **HANGZHOU)

    assert state_of(PICKED_UP, DELIVERY, RETURN, again) == P.OUT_FOR_DELIVERY
    assert state_of(PICKED_UP, DELIVERY, RETURN, again, at(630, P.SIGNED)) == P.SIGNED


def test_a_change_of_address_is_no_return():
    found = project([PICKED_UP, at(60, P.RETURNING, is_address_change=True)], ROAD, LATER)

    assert (found.state, found.return_scans) == (P.REDIRECTED, ())


def test_every_real_return_scan_is_kept_as_possible_evidence():
    found = project([PICKED_UP, RETURN, at(450, P.RETURNING)], ROAD, LATER)

    assert found.return_scans == (START + timedelta(minutes=400), START + timedelta(minutes=450))


def test_a_signature_stands_against_echoes_of_the_journey():
    assert state_of(PICKED_UP, at(320, P.SIGNED), at(321, P.IN_TRANSIT), at(322, P.OUT_FOR_DELIVERY)) == P.SIGNED


def test_a_parcel_signed_for_can_still_turn_back():
    assert state_of(PICKED_UP, at(320, P.SIGNED), at(900, P.RETURNING, **HANGZHOU)) == P.RETURNING


def test_a_late_scan_may_take_the_state_back():
    early = project([PICKED_UP, at(300, P.EXCEPTION)], ROAD, LATER)
    late = project([PICKED_UP, at(300, P.EXCEPTION), at(301, P.IN_TRANSIT)], ROAD, LATER)

    assert (early.state, late.state) == (P.EXCEPTION, P.IN_TRANSIT)


def test_a_label_printed_after_the_first_scan_changes_nothing():
    assert state_of(PICKED_UP, at(90, P.LABELLED, raw_code=OwnScan.LABELLED)) == P.PICKED_UP


def test_a_voided_label_stays_voided():
    assert state_of(at(1, P.VOIDED, raw_code=OwnScan.VOIDED), at(60, P.IN_TRANSIT)) == P.VOIDED


def test_what_the_warehouse_scanned_is_home_whatever_the_courier_says_later():
    home = at(800, P.RETURNED, raw_code=OwnScan.RECEIVED)
    found = project([PICKED_UP, home, at(900, P.SIGNED, **HANGZHOU)], ROAD, LATER)

    assert (found.state, found.received_at) == (P.RETURNED, START + timedelta(minutes=800))


def test_a_buyers_return_that_the_warehouse_scanned_is_signed_for():
    inbound = Frame(direction="inbound")

    assert state_of(PICKED_UP, at(800, P.RETURNED, raw_code=OwnScan.RECEIVED), frame=inbound) == P.SIGNED


def test_the_same_scan_from_a_push_and_from_a_query_is_one():
    push = Event(event_at=START, status=P.IN_TRANSIT, raw_code="ARRIVAL", site="杭州转运中心", scan="arrived")
    query = Event(
        event_at=START + timedelta(milliseconds=420),
        status=P.IN_TRANSIT,
        raw_code="到件",
        site="杭州转运中心",
        scan="arrived",
    )

    assert (point_of(push).event_at, point_of(push).event_key) == (point_of(query).event_at, point_of(query).event_key)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("杭州", "杭州市", True),
        ("浙江省杭州市", "杭州", True),
        ("上海市", "上海", True),
        ("大理白族自治州", "大理白族", True),
        ("新疆维吾尔自治区乌鲁木齐市", "乌鲁木齐", True),
        ("杭州市", "湖州市", False),
        ("凉山彝族自治州", "凉山", True),
        ("四川省,凉山彝族自治州,西昌市", "凉山州", True),
        ("恩施土家族苗族自治州", "恩施州", True),
        ("伊犁哈萨克自治州", "伊犁州", True),
        ("巴音郭楞蒙古自治州", "巴州", True),
        ("博尔塔拉蒙古自治州", "博尔塔拉", True),
        ("西双版纳傣族自治州", "西双版纳", True),
        ("海西蒙古族藏族自治州", "海西州", True),
        ("黔南布依族苗族自治州", "黔东南", False),
        ("锡林郭勒盟", "锡林郭勒", True),
        ("大兴安岭地区", "大兴安岭", True),
        ("神农架林区", "湖北神农架", True),
        ("湖北省直辖县级行政区划仙桃市", "仙桃", True),
        ("北京市市辖区", "北京", True),
        ("北京市", "朝阳区", False),
        ("金华市", "义乌", True),
        ("苏州", "江苏苏州昆山", True),
        ("吉林市", "吉林", True),
        ("长春市", "吉林", False),
        ("海南藏族自治州", "海南省", False),
        ("香港特别行政区", "香港", True),
        ("", "", False),
    ],
)
def test_cities_are_the_same_however_they_are_written(one, other, same):
    assert is_same_city(one, other) is same


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        ("杭州市", "凉山州", Match.APART),
        ("海南省", "海南藏族自治州", Match.APART),
        # A province, a filler word, a district of several cities, a name of no table: nobody can tell.
        ("浙江", "杭州市", Match.UNSURE),
        ("吉林", "长春市", Match.UNSURE),
        ("市辖区", "北京", Match.UNSURE),
        ("省直辖县级行政区划", "仙桃", Match.UNSURE),
        ("鼓楼区", "南京市", Match.UNSURE),
        ("新城子", "杭州市", Match.UNSURE),
        ("金华市", "义乌市", Match.SAME),
        ("义乌市", "东阳市", Match.SAME_CITY),
        ("义乌", "浙江省金华市义乌市", Match.SAME_DISTRICT),
    ],
)
def test_places_are_apart_only_where_both_are_known(one, other, match):
    assert (compare(one, other), compare(other, one)) == (match, match)


def test_the_city_of_an_address_is_never_a_filler_word():
    assert settled_city("北京市", "市辖区") == "北京市"
    assert settled_city("重庆", "县") == "重庆"
    assert settled_city("湖北省", "省直辖县级行政区划") == ""
    assert settled_city("浙江省", "杭州市") == "杭州市"


def test_a_return_delivered_to_the_buyer_in_a_prefecture_after_all_is_signed():
    road = Frame(sender_city="上海市", receiver_city="凉山彝族自治州")
    there = {"city": "凉山", "site": "凉山城东网点"}
    turned = (PICKED_UP, at(400, P.RETURNING, city="凉山", site="凉山转运中心"))

    assert state_of(*turned, at(900, P.SIGNED, **there), frame=road) == P.SIGNED
    assert state_of(*turned, at(900, P.SIGNED, site="凉山城东网点"), frame=road) == P.SIGNED
    assert state_of(*turned, at(600, P.OUT_FOR_DELIVERY, **there), frame=road) == P.OUT_FOR_DELIVERY
    assert state_of(*turned, at(900, P.SIGNED, city="上海", site="上海青浦"), frame=road) == P.RETURNED


def test_a_signature_far_from_us_is_the_buyers_where_the_buyers_city_is_not_known():
    turned = (PICKED_UP, at(400, P.RETURNING, city="北京", site="北京转运中心"))

    for unknown in ("市辖区", "省直辖县级行政区划", ""):
        road = Frame(sender_city="上海市", receiver_city=unknown)
        assert state_of(*turned, at(900, P.SIGNED, city="北京", site="北京城东"), frame=road) == P.SIGNED
        assert state_of(*turned, at(900, P.SIGNED, city="上海", site="上海青浦"), frame=road) == P.RETURNED


def test_a_district_tells_the_two_ends_of_one_city_apart():
    road = Frame(sender_city="义乌市", receiver_city="东阳市")
    turned = (at(0, P.PICKED_UP, city="义乌", site="义乌江东"), at(400, P.RETURNING, city="金华"))

    assert state_of(*turned, at(900, P.SIGNED, city="东阳", site="东阳城东"), frame=road) == P.SIGNED
    assert state_of(*turned, at(900, P.SIGNED, city="义乌", site="义乌北苑"), frame=road) == P.RETURNED


def test_a_province_alone_keeps_its_name():
    assert city_name("北京市") == "北京"


# --- properties ---------------------------------------------------------------------------------------------------

places = st.sampled_from([{}, SHANGHAI, HANGZHOU, {"city": "嘉兴市", "site": "嘉兴转运中心"}])
statuses = st.sampled_from(["", *[str(state) for state in P]])
flags = st.sampled_from(
    [{}, {"is_delivering_site": True}, {"is_address_change": True}, {"returned_by_sender_side": False}]
)
scans = st.builds(
    lambda minute, status, place, flag: at(minute, status, **place, **flag), st.integers(0, 40), statuses, places, flags
)
tracks = st.lists(scans, max_size=12, unique_by=lambda p: (p.event_at, p.event_key))


@given(tracks, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_gives_the_same_projection(track, rng: random.Random):
    expected = project(track, ROAD, LATER)
    shuffled = [*track, *(rng.choice(track) for _ in range(rng.randint(0, 8) if track else 0))]
    rng.shuffle(shuffled)

    assert project(shuffled, ROAD, LATER) == expected


@given(tracks)
def test_a_signature_time_stands_exactly_when_the_parcel_is_signed_for(track):
    found = project(track, ROAD, LATER)

    assert (found.signed_at is not None) is (found.state == P.SIGNED)


@given(tracks, scans)
def test_a_scan_from_the_far_future_never_changes_anything(track, extra):
    now = START + timedelta(hours=1)
    future = point_of(Event(event_at=now + timedelta(minutes=11), status=extra.status, raw_code=extra.raw_code))

    assert project([*track, future], ROAD, now) == project(track, ROAD, now)
