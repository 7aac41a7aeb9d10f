from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from aftersales.refunds.arrivals import Arrival
from aftersales.refunds.enums import Source
from aftersales.refunds.models import Refund
from cs_workbench.refunds.steps import brief, steps
from merchant.clock import now
from merchant.people.models import User

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
AGENT, OWNER, FINANCE, OTHER = (
    User(pk=pk, display_name=name) for pk, name in enumerate(["Li", "Wang", "Fang", "Zhou"], 1)
)


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def refund(state, **more):
    row = Refund(pk=1, number="RF1", created_at=AT, created_by=AGENT, source=Source.MANUAL, **more)
    row.__dict__["state"] = state
    return row


def drawn(row, *args, **more):
    return [(step.title, step.kind, step.note) for step in steps(row, *args, **more)]


SENT = {"approved_by": AGENT, "released_by": FINANCE, "sent_at": AT, "next_at": AT, "attempts": 2}


def test_a_refund_above_the_limit_waits_for_a_second_person():
    assert drawn(refund("created")) == [
        ("Asked", "done", "Li"),
        ("Second person", "now", "somebody else must approve it"),
        ("Released", "todo", ""),
        ("Told to the channel", "todo", ""),
        ("Channel's answer", "todo", ""),
        ("With the buyer", "todo", ""),
    ]


def test_an_approved_refund_waits_for_finance_and_names_the_second_person():
    found = steps(refund("approved", approved_by=OWNER), {"refund.approve": AT + timedelta(minutes=1)})

    assert [(step.title, step.kind, step.note, step.at) for step in found[1:4]] == [
        ("Approved", "done", "Wang, the second person", AT + timedelta(minutes=1)),
        ("Waiting for release", "now", "finance releases it", None),
        ("Told to the channel", "todo", "", None),
    ]


def test_a_refund_by_rule_goes_out_by_itself():
    found = steps(refund("approved", next_at=AT + timedelta(hours=1)))

    assert [(step.title, step.kind, step.note, step.at) for step in found[1:4]] == [
        ("Approved", "done", "by rule", None),
        ("Released", "done", "by rule", None),
        ("Goes to the channel", "now", "by itself", AT + timedelta(hours=1)),
    ]


def test_a_granted_wish_passes_the_channel_by():
    assert drawn(refund("approved", approved_by=AGENT), is_outside=True)[2:] == [
        ("Released", "skip", "goes another way"),
        ("Told to the channel", "skip", ""),
        ("Channel's answer", "skip", ""),
        ("To be paid another way", "now", "with proof, by two people"),
    ]


@pytest.mark.parametrize(
    ("more", "step"),
    [
        ({"outcome": ""}, ("Channel's answer", "now", "not answered yet")),
        ({"outcome": "processing"}, ("Channel's answer", "now", "being paid")),
        ({"outcome": "unknown"}, ("Outcome unknown", "now", "it is asked for, never sent twice unasked")),
        ({"outcome": "throttled"}, ("Channel's answer", "now", "channel asks to come later")),
    ],
)
def test_a_told_refund_says_what_the_channel_said_and_an_unknown_outcome_as_such(more, step):
    found = drawn(refund("processing", **SENT, **more))

    assert found[2:5] == [("Released", "done", "Fang"), ("Told to the channel", "done", "2 calls so far"), step]
    assert [kind for _title, kind, _note in found].count("now") == 1


def test_a_short_balance_is_the_step_under_way():
    assert drawn(refund("wait_funds", **SENT))[4] == (
        "Waiting for funds",
        "now",
        "same number again once there is money",
    )


def test_a_paid_refund_is_on_its_way_until_the_expected_time_and_never_said_to_be_there():
    row = refund("success", settled_at=AT, **SENT)

    early = drawn(row, expected=Arrival(now() + timedelta(minutes=5), "about 5 minutes", "ARRIVE-WECHAT-BALANCE"))
    late = drawn(row, expected=Arrival(now() - timedelta(minutes=5), "about 5 minutes", "ARRIVE-WECHAT-BALANCE"))

    assert early[4:] == [
        ("Refunded", "done", "the channel says so"),
        ("On its way to the buyer", "now", "about 5 minutes"),
    ]
    assert late[5] == ("Should have arrived", "done", "expected, not confirmed")


def test_what_the_platform_paid_by_itself_was_never_told():
    row = refund("success", settled_at=AT)
    row.source, row.created_by = Source.PLATFORM, None

    assert [kind for _title, kind, _note in drawn(row)] == ["done", "skip", "skip", "skip", "done", "done"]


def test_a_failed_refund_goes_another_way_by_two_people():
    failed = refund("abnormal", error="ABNORMAL void", **SENT)
    filed = refund("closed", payout_by=FINANCE, **SENT)
    paid = refund("offline_done", payout_by=FINANCE, payout_approved_by=OTHER, settled_at=AT, **SENT)

    assert drawn(failed)[4:] == [
        ("Cannot be paid in", "bad", "ABNORMAL void"),
        ("To be paid another way", "now", "with proof, by two people"),
    ]
    assert drawn(filed)[5] == ("Paid another way", "now", "Fang filed it, a second person confirms")
    assert drawn(paid)[4:] == [("Not paid by the channel", "bad", ""), ("Paid another way", "done", "Fang, Zhou")]
    assert drawn(filed, successor="RF2")[5] == ("Paid under a new number", "done", "RF2")


def test_a_rejected_or_void_refund_ends_where_it_was_stopped():
    assert drawn(refund("rejected", reason="no"))[1:4] == [
        ("Rejected", "bad", "no"),
        ("Released", "skip", ""),
        ("Told to the channel", "skip", ""),
    ]
    assert drawn(refund("rejected", approved_by=AGENT, reason="no"))[2] == ("Rejected", "bad", "no")
    assert drawn(refund("void", reason="E3", **SENT))[4:] == [("Void", "bad", "E3"), ("With the buyer", "skip", "")]


def test_one_line_names_the_step_under_way_and_its_place():
    number, step = brief(steps(refund("processing", **SENT)))
    assert (number, step.title) == (5, "Channel's answer")

    number, step = brief(steps(refund("rejected", reason="no")))
    assert (number, step.title) == (2, "Rejected")
