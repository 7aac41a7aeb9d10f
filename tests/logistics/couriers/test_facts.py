"""What a courier can do, told in words."""

from dataclasses import replace

import pytest
from django.utils import translation

from logistics.couriers import registry
from logistics.couriers.base import Courier, Kind
from logistics.couriers.facts import facts_of

ONE_WAY = [
    "It does not tell the collecting site from the sender: expect the parcel at either.",
    "It sends a parcel back to the sender only, not to another address of yours.",
]
PUSHES = "It pushes every scan once it was asked to."
PHONE = "It may want the last four digits of the sender's or receiver's phone before it shows a track."
NO_FEE = "It does not say what a stop costs: the rate card is booked until its bill comes."
ASKED = "This courier can be asked for the result."
READ = "This courier does not tell the result; it is read from the track."
UNDO, NO_UNDO = "An interception can be withdrawn.", "This courier cannot withdraw an interception."
EVEN_THERE = "Parcels are stopped even at the delivering site."
BEFORE = "Parcels are stopped only before they reach the delivering site."


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def told(facts):
    return [str(sentence) for sentence in facts.brief], [str(sentence) for sentence in facts.more]


@pytest.mark.req("R0.14")
@pytest.mark.parametrize(
    ("code", "brief", "more"),
    [
        ("zto", [ASKED, UNDO, BEFORE], [PUSHES, PHONE, NO_FEE]),
        ("yto", [READ, UNDO, EVEN_THERE], [*ONE_WAY, PUSHES, NO_FEE]),
        ("sto", [READ, UNDO, EVEN_THERE], [*ONE_WAY, PUSHES, NO_FEE]),
        ("jt", [READ, NO_UNDO, EVEN_THERE], [*ONE_WAY, PUSHES, NO_FEE]),
    ],
)
def test_each_of_the_four_says_what_it_can(code, brief, more):
    assert told(facts_of(registry.get(code))) == (brief, more)


def test_a_courier_we_only_know_by_name_says_so():
    assert told(facts_of(None)) == (["We cannot talk to this courier by machine."], [])


def test_the_sentence_about_undoing_stands_alone_too():
    assert str(facts_of(registry.get("jt")).undo) == NO_UNDO


# Everything a courier may be able to do, and nothing that stands in the way.
PLAIN = replace(registry.get("zto").capabilities, needs_phone_last4=False)


def of(**changed):
    courier = Courier()
    courier.capabilities = replace(PLAIN, **changed)
    return told(facts_of(courier))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"can_subscribe": False}, "It pushes no scans: each parcel is asked about."),
        ({"min_interval_s": 1800}, "One parcel is asked about at most once in 30 minutes."),
        ({"min_interval_s": 60}, "One parcel is asked about at most once a minute."),
        (
            {"needs_phone_last4": True},
            PHONE,
        ),
        ({"tells_fee": True}, "It says what a stop costs."),
        ({"signs_pushes": False}, "Its pushes carry no signature, so each one only makes us read the track."),
        ({"kinds": frozenset({Kind.RETURN_TO_SENDER})}, ONE_WAY[0]),
    ],
)
def test_every_capability_has_its_sentence(changed, sentence):
    assert sentence not in of()[1]
    assert sentence in of(**changed)[1]


def test_a_courier_whose_return_scan_proves_nothing_says_who_decides():
    brief, _more = of(can_query_state=False, evidence="person")

    assert brief[0] == "This courier does not tell the result, and its return scan proves nothing: a person decides."
