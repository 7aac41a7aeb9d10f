"""Each promise to the buyer on both sides of each of its limits, to the instant and the fen. No database."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import translation

from aftersales.benefits.catalogue import Facts, facts_of
from aftersales.benefits.rules import evaluate, late_ship_fen, plain_words
from aftersales.cases.models import Case
from logistics.parcels.models import Package
from merchant.clock import SHANGHAI
from merchant.policy.models import Policy
from merchant.policy.switches import BENEFITS
from orders.record.enums import Benefit
from orders.record.models import Order, OrderLine

# A Friday; the promise of 48 hours ends on Sunday at ten.
PAID = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
RECEIVED = datetime(2026, 11, 23, 15, 30, tzinfo=SHANGHAI)
MOMENT = timedelta(microseconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NO_PROMISES = dict.fromkeys(BENEFITS.defaults(), False)
NONE = Policy(benefits=NO_PROMISES)
ORDER = Facts(
    paid_at=PAID,
    ship_by_at=SUNDAY,
    paid_fen=9_900,
    goods_paid_fen=9_900,
    categories=frozenset({"normal"}),
    credit=100,
)
SENT = replace(ORDER, sent_at=PAID + 5 * HOUR, is_sent=True, is_handed_over=True)
IN_HAND = replace(SENT, received_at=RECEIVED)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def tag(benefit, facts, at=PAID + HOUR, **settings):
    """The one tag of an order that names this promise."""
    [found] = evaluate(replace(facts, words=(str(benefit),)), Policy(benefits=NO_PROMISES, **settings), at)
    return found


def test_a_promise_is_the_orders_own_or_the_shops():
    shop = Policy()
    named = replace(ORDER, words=("late_ship", "假一赔三"))

    assert [(one.code, one.anchor, one.label) for one in evaluate(ORDER, shop, PAID)] == [
        ("no_reason_return", "BEN-NO-REASON-RETURN", "7-day return, no reason")
    ]
    assert [one.code for one in evaluate(named, NONE, PAID)] == ["late_ship"]
    assert [one.code for one in evaluate(ORDER, NONE, PAID)] == []
    assert plain_words(named) == ["假一赔三"]


def test_all_twelve_have_their_own_name_rule_and_sentence():
    everything = Policy(benefits=dict.fromkeys(BENEFITS.defaults(), True))

    with translation.override("zh-hans"):
        tags = evaluate(ORDER, everything, PAID + HOUR)

    assert {one.label for one in tags} == {
        "买贵必赔",
        "主播实在宝",
        "晚发立赔",
        "7天价保",
        "退款不退货",
        "坏了包退",
        "破损包退",
        "过敏包退",
        "退货补运费",
        "假一赔九",
        "七天无理由",
        "极速退款",
    }
    assert len({one.anchor for one in tags}) == len({one.why for one in tags}) == 12


# --- 晚发立赔 ---------------------------------------------------------------------------------------------------------


def test_late_shipping_is_due_from_the_promised_instant_on_and_not_a_moment_before():
    before, then = tag(Benefit.LATE_SHIP, ORDER, SUNDAY - MOMENT), tag(Benefit.LATE_SHIP, ORDER, SUNDAY)

    assert (before.holds, before.amount_fen, before.note, before.why) == (
        False,
        None,
        "not due",
        "Not due: promised by 11-22 10:00.",
    )
    assert (then.holds, then.amount_fen, then.note, then.since) == (True, 495, "due ¥4.95", SUNDAY)
    assert then.why == "Promised by 11-22 10:00 and not sent: ¥4.95 is due to the buyer, once."


def test_late_shipping_stays_due_when_it_was_sent_after_the_promise():
    on_time = replace(SENT, sent_at=SUNDAY)
    late = replace(SENT, sent_at=SUNDAY + MOMENT)

    assert tag(Benefit.LATE_SHIP, on_time, SUNDAY + 9 * DAY).amount_fen is None
    assert tag(Benefit.LATE_SHIP, on_time, SUNDAY + 9 * DAY).note == "sent in time"
    assert tag(Benefit.LATE_SHIP, late, SUNDAY + 9 * DAY).amount_fen == 495
    assert tag(Benefit.LATE_SHIP, late, SUNDAY + 9 * DAY).why == (
        "Sent 11-22 10:00, promised by 11-22 10:00: ¥4.95 is due to the buyer, once."
    )


def test_late_shipping_is_due_on_a_closed_order_only_if_it_was_late_when_it_closed():
    early = replace(ORDER, is_closed=True, closed_at=SUNDAY)
    late = replace(ORDER, is_closed=True, closed_at=SUNDAY + MOMENT)

    assert (tag(Benefit.LATE_SHIP, early, SUNDAY + DAY).amount_fen, tag(Benefit.LATE_SHIP, early).note) == (
        None,
        "order closed",
    )
    assert tag(Benefit.LATE_SHIP, late, SUNDAY + DAY).amount_fen == 495


@pytest.mark.parametrize(
    ("goods", "due"),
    [(9_900, 495), (9_910, 496), (9_909, 495), (1_999, 100), (2_030, 102), (60_000, 3_000), (60_020, 3_000), (0, 100)],
)
def test_late_shipping_is_five_per_cent_between_a_hundred_and_three_thousand_fen(goods, due):
    assert late_ship_fen(goods, NONE) == due


def test_late_shipping_follows_the_shops_own_figures():
    due = tag(
        Benefit.LATE_SHIP, ORDER, SUNDAY, late_ship_percent=10, late_ship_min_fen=500, late_ship_max_fen=800
    ).amount_fen

    assert due == 800


def test_a_sent_order_whose_source_gives_no_time_owes_nothing_that_can_be_said():
    unknown = replace(ORDER, is_sent=True, is_handed_over=True)

    assert (tag(Benefit.LATE_SHIP, unknown, SUNDAY + DAY).holds, tag(Benefit.LATE_SHIP, unknown).amount_fen) == (
        False,
        None,
    )


# --- windows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("benefit", "facts", "start", "length"),
    [
        (Benefit.PRICE_PROTECTION, ORDER, PAID, 7 * DAY),
        (Benefit.PRICE_MATCH, ORDER, PAID, 7 * DAY),
        (Benefit.NO_REASON_RETURN, IN_HAND, RECEIVED, 7 * DAY),
        (Benefit.RETURN_FREIGHT, IN_HAND, RECEIVED, 7 * DAY),
        (Benefit.DAMAGE_RETURN, IN_HAND, RECEIVED, 48 * HOUR),
        (Benefit.BREAKAGE_RETURN, IN_HAND, RECEIVED, 7 * DAY),
        (Benefit.ALLERGY_RETURN, IN_HAND, RECEIVED, 15 * DAY),
    ],
)
def test_a_window_is_open_until_its_end_and_grey_from_then_on(benefit, facts, start, length):
    end = start + length
    ends = f"{end.astimezone(SHANGHAI):%m-%d %H:%M}"

    last, over = tag(benefit, facts, end - MOMENT), tag(benefit, facts, end)

    assert (last.holds, last.since, last.until) == (True, start, end)
    assert last.why.endswith(f"Until {ends}.")
    assert (over.holds, over.until, over.note, over.why) == (False, end, f"ended {ends}", f"Ended {ends}.")


@pytest.mark.parametrize(
    ("benefit", "timer", "facts", "start"),
    [
        (Benefit.PRICE_PROTECTION, "t_ben_price", ORDER, PAID),
        (Benefit.PRICE_MATCH, "t_ben_match", ORDER, PAID),
        (Benefit.NO_REASON_RETURN, "t_ben_no_reason", IN_HAND, RECEIVED),
        (Benefit.RETURN_FREIGHT, "t_ben_freight", IN_HAND, RECEIVED),
        (Benefit.DAMAGE_RETURN, "t_ben_damage", IN_HAND, RECEIVED),
        (Benefit.BREAKAGE_RETURN, "t_ben_breakage", IN_HAND, RECEIVED),
        (Benefit.ALLERGY_RETURN, "t_ben_allergy", IN_HAND, RECEIVED),
    ],
)
def test_a_window_is_as_long_as_the_shop_says(benefit, timer, facts, start):
    longer = {timer: 20 * 86_400}

    assert tag(benefit, facts, start + 20 * DAY - MOMENT, **longer).holds
    assert not tag(benefit, facts, start + 20 * DAY, **longer).holds


def test_what_counts_from_receipt_has_no_end_before_it():
    found = tag(Benefit.DAMAGE_RETURN, SENT, PAID + 60 * DAY)

    assert (found.holds, found.until) == (True, None)
    assert found.why == "With a photo: refund or resend, freight on the shop. Until 48 hours after receipt."


# --- the others -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("categories", "holds", "note"),
    [
        ({"normal"}, True, ""),
        ({"whole_vehicle"}, True, ""),
        ({"fresh"}, False, "not for these goods"),
        ({"virtual"}, False, "not for these goods"),
        ({"fresh", "virtual"}, False, "not for these goods"),
        ({"normal", "fresh"}, True, ""),
    ],
)
def test_the_law_leaves_fresh_and_virtual_goods_out(categories, holds, note):
    found = tag(Benefit.NO_REASON_RETURN, replace(IN_HAND, categories=frozenset(categories)), RECEIVED)

    assert (found.holds, found.note) == (holds, note)
    assert ("Not for the fresh or virtual goods in it." in found.why) is (categories == {"normal", "fresh"})


@pytest.mark.parametrize(
    ("change", "holds", "note"),
    [
        ({"paid_fen": 20_000}, True, ""),
        ({"paid_fen": 20_001}, False, "above ¥200.00"),
        ({"credit": 70}, True, ""),
        ({"credit": 69}, False, "credit too low"),
        ({"credit": None}, False, "buyer not known"),
        ({"is_handed_over": True, "sent_at": PAID + HOUR}, False, "ended by shipping"),
        ({"is_handed_over": True}, False, "ended by shipping"),
    ],
)
def test_a_refund_goes_out_at_once_unsent_within_the_sum_and_with_credit(change, holds, note):
    found = tag(Benefit.INSTANT_REFUND, replace(ORDER, **change))

    assert (found.holds, found.note, found.until) == (holds, note, change.get("sent_at"))


@pytest.mark.parametrize(("paid", "holds"), [(2_000, True), (2_001, False)])
def test_up_to_the_limit_nothing_needs_to_come_back(paid, holds):
    assert tag(Benefit.REFUND_NO_RETURN, replace(ORDER, paid_fen=paid)).holds is holds


@pytest.mark.parametrize(("paid", "holds"), [(1_199, True), (1_200, False)])
def test_goods_worth_less_than_the_way_back_need_not_come_back(paid, holds):
    assert tag(Benefit.REFUND_NO_RETURN, replace(ORDER, paid_fen=paid), refund_no_return_fen=500).holds is holds


def test_a_refund_without_return_ends_with_the_after_sale_period():
    cheap = replace(IN_HAND, paid_fen=1_500, settled_at=RECEIVED + 7 * DAY)

    assert tag(Benefit.REFUND_NO_RETURN, cheap, RECEIVED + 7 * DAY - MOMENT).holds
    assert not tag(Benefit.REFUND_NO_RETURN, cheap, RECEIVED + 7 * DAY).holds


def test_the_freight_of_a_return_that_is_home_is_paid_up_to_the_cap_whenever_one_looks():
    home = replace(IN_HAND, is_return_home=True)

    found = tag(Benefit.RETURN_FREIGHT, home, RECEIVED + 90 * DAY)

    assert (found.holds, found.note) == (True, "up to ¥12.00")
    assert tag(Benefit.RETURN_FREIGHT, home, return_freight_cap_fen=800).note == "up to ¥8.00"


def test_counterfeit_names_nine_times_the_goods_and_has_no_end():
    found = tag(Benefit.COUNTERFEIT, replace(IN_HAND, goods_paid_fen=6_800), RECEIVED + 900 * DAY)

    assert (found.holds, found.until) == (True, None)
    assert "goods paid × 9 = ¥612.00" in found.why
    assert "× 3 = ¥204.00" in tag(Benefit.COUNTERFEIT, replace(ORDER, goods_paid_fen=6_800), counterfeit_times=3).why


def test_the_host_guarantee_names_the_host():
    with_host = tag(Benefit.HOST_GUARANTEE, replace(ORDER, host_name="小满的直播间"))
    without = tag(Benefit.HOST_GUARANTEE, ORDER)

    assert (with_host.holds, with_host.note) == (True, "小满的直播间")
    assert (without.holds, without.note) == (False, "no host")


@pytest.mark.parametrize("benefit", [one for one in Benefit if one != Benefit.LATE_SHIP])
@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"is_closed": True, "closed_at": PAID + HOUR}, "order closed"),
        ({"is_refunded": True}, "refunded"),
        ({"paid_at": None, "ship_by_at": None}, "not paid"),
    ],
)
def test_nothing_is_promised_on_an_order_that_is_closed_refunded_or_unpaid(benefit, change, note):
    found = tag(benefit, replace(ORDER, host_name="小满", **change), PAID + 2 * HOUR)

    assert (found.holds, found.note, found.amount_fen) == (False, note, None)


@pytest.mark.parametrize(
    "benefit",
    [
        Benefit.BREAKAGE_RETURN,
        Benefit.DAMAGE_RETURN,
        Benefit.ALLERGY_RETURN,
        Benefit.RETURN_FREIGHT,
        Benefit.REFUND_NO_RETURN,
    ],
)
def test_what_concerns_goods_in_hand_is_not_promised_on_a_top_up(benefit):
    found = tag(benefit, replace(ORDER, paid_fen=1_000, categories=frozenset({"virtual"})))

    assert (found.holds, found.note) == (False, "not for these goods")


def test_what_is_due_stands_first_then_what_holds_then_what_does_not():
    words = ("instant_refund", "late_ship", "counterfeit")

    found = evaluate(replace(ORDER, words=words, paid_fen=90_000), NONE, SUNDAY)

    assert [one.code for one in found] == ["late_ship", "counterfeit", "instant_refund"]


# --- facts from rows --------------------------------------------------------------------------------------------------


def package(state="signed", direction="outbound", **times):
    return Package(state=state, direction=direction, **times)


def test_an_order_is_received_when_the_last_parcel_is_signed_for():
    order = Order(state="received", shipped_at=PAID, received_at=RECEIVED + 9 * DAY)
    first, second = package(signed_at=RECEIVED), package(signed_at=RECEIVED + DAY)
    resent, void = package(direction="resend", signed_at=RECEIVED + 5 * DAY), package("voided")

    assert facts_of(order, [], [], [first, second, resent, void], 100).received_at == RECEIVED + DAY
    assert facts_of(order, [], [], [first, package("in_transit")], 100).received_at == RECEIVED + 9 * DAY
    assert facts_of(order, [], [], [], 100).received_at == RECEIVED + 9 * DAY


def test_an_order_is_sent_when_its_last_parcel_left():
    partly = Order(state="partly_shipped", shipped_at=PAID)
    whole = Order(state="shipped", shipped_at=PAID)
    parcels = [package("in_transit", shipped_at=PAID), package("in_transit", shipped_at=SUNDAY)]

    assert (facts_of(partly, [], [], parcels[:1], 100).sent_at, facts_of(whole, [], [], parcels, 100).sent_at) == (
        None,
        SUNDAY,
    )


def test_goods_are_counted_by_what_was_paid_for_them_and_a_return_by_its_state():
    lines = [OrderLine(net_fen=6_800, category_class="normal"), OrderLine(net_fen=3_100, category_class="fresh")]
    order = Order(state="shipped", paid_fen=10_700, refunded_fen=10_700, benefits=["late_ship"])

    def is_home(kind, state):
        return facts_of(order, lines, [Case(kind=kind, state=state)], [], 100).is_return_home

    facts = facts_of(order, lines, [], [], None)

    assert (facts.goods_paid_fen, facts.paid_fen, facts.is_refunded, facts.credit) == (9_900, 10_700, True, None)
    assert facts.categories == {"normal", "fresh"}
    assert is_home("return_refund", "inspecting")
    assert not is_home("return_refund", "wait_seller_receive")
    assert not is_home("refund_only_shipped", "success")
