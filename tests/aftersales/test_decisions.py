"""People's verbs: agree within limits, refuse with proof, offer less, withdraw (domain 2.4, 2.9)."""

import pytest

from aftersales.cases.enums import CaseKind
from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.decisions.policies import open_verbs
from aftersales.platforms import platform_answers
from aftersales.refunds import services as refunds
from aftersales.refunds.models import Refund
from logistics.parcels.models import Package
from logistics.tracking.services import record_events
from merchant.ledger import services as ledger
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.payments.models import OrderDiscount
from orders.record.models import Block
from tests.aftersales.factories import (
    a_minute_later,
    agent_of,
    case_of,
    kuaishou_shop,
    own_shop,
    package_of,
    refund_of,
    shipped_order,
)
from tests.logistics.factories import scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_once():
    """A shop whose manual refunds go out without waiting for finance."""
    shop = kuaishou_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    return shop


def verb(case: Case, user, name: str):
    return next(found for found in open_verbs(case, user) if found.name == name)


def test_s5_a_compensation_is_paid_and_the_parcel_goes_on(platform, at_once, commits):
    case = case_of(platform, at_once, nets=(12488,), amount_fen=500)
    agent = agent_of(at_once)

    with commits():
        cases.agree_case(case, by=agent, shown_version=case.version, reason="scratch on the box")

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert (case.state, platform.paid) == ("success", [(case.order.number, 500)])
    assert (case.order.state, case.order.refundable_fen, package_of(case).state) == ("shipped", 11988, "in_transit")
    assert case.interception is None


def test_a_manual_refund_waits_for_finance_by_default(platform, commits):
    case = case_of(platform)

    with commits():
        cases.agree_case(case, by=agent_of(case.shop), shown_version=case.version)
    waiting = list(Refund.objects.for_finance())
    before = platform.paid
    with commits():
        refunds.release_refund(refund_of(case), by=agent_of(case.shop, "finance"))

    case.refresh_from_db()
    assert (waiting, before) == ([refund_of(case)], [])
    assert (case.state, platform.paid) == ("success", [(case.order.number, 8800)])


def test_an_older_page_agrees_to_nothing(platform):
    case = case_of(platform)

    with pytest.raises(Refused) as refused:
        cases.agree_case(case, by=agent_of(case.shop), shown_version=case.version + 1)

    case.refresh_from_db()
    assert (refused.value.code, case.state, Refund.objects.count()) == ("E16", "applied", 0)


def test_above_the_agents_limit_a_second_person_must_look(platform, at_once, commits):
    case = case_of(platform, at_once, nets=(20001,))
    agent, supervisor = agent_of(at_once), agent_of(at_once, "supervisor")

    with commits():
        cases.agree_case(case, by=agent)
    refund = refund_of(case)
    with pytest.raises(Refused) as own:
        refunds.approve_refund(refund, by=agent)
    waiting = refund_of(case).state, platform.paid
    with commits():
        refunds.approve_refund(refund, by=supervisor)

    assert (own.value.code, waiting) == ("RIGHT", ("created", []))
    refund.refresh_from_db()
    assert (refund.state, refund.created_by, refund.approved_by) == ("success", agent, supervisor)
    assert platform.paid == [(case.order.number, 20001)]


def test_exactly_the_limit_needs_nobody_else(platform, at_once, commits):
    case = case_of(platform, at_once, nets=(20000,))

    with commits():
        cases.agree_case(case, by=agent_of(at_once))

    assert platform.paid == [(case.order.number, 20000)]


def test_five_small_cases_do_not_beat_the_limit_of_the_day(platform, at_once, commits):
    agent = agent_of(at_once)
    small = [case_of(platform, at_once, nets=(5000,)) for _ in range(5)]

    for case in small:
        with commits():
            cases.agree_case(case, by=agent)

    assert [refund_of(case).state for case in small] == ["success"] * 4 + ["created"]
    created = (
        Activity.objects.filter(verb="refund.create").order_by("pk").values_list("detail__second_person", flat=True)
    )
    assert list(created) == ["", "", "", "", "day_limit"]


def test_nor_the_limit_over_one_order(platform, commits):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    order = shipped_order(platform, shop, nets=(15000, 15000))
    lines = list(order.lines.order_by("line_no"))
    agent = agent_of(shop)

    for line in lines:
        case = cases.apply_case(
            order, kind=CaseKind.REFUND_ONLY_SHIPPED, amount_fen=15000, parts={line.pk: 15000}, by=None
        )
        cases.agree_case(case, by=agent)

    assert [refund.state for refund in Refund.objects.order_by("pk")] == ["approved", "created"]
    assert Activity.objects.filter(verb="refund.create").last().detail["second_person"] == "order_limit"


def test_above_the_shops_limit_even_the_owner_needs_a_second_person(platform, commits):
    case = case_of(platform, nets=(100_001,))
    owner = agent_of(case.shop, "owner")
    agent_of(case.shop, "finance")

    cases.agree_case(case, by=owner)
    refund = refund_of(case)
    with pytest.raises(Refused) as refused:
        refunds.approve_refund(refund, by=owner)

    assert (refund.state, refused.value.code) == ("created", "SECOND_PERSON")


def test_a_rejected_refund_frees_the_money_and_puts_the_case_back(platform):
    case = case_of(platform, nets=(20001,))
    cases.agree_case(case, by=agent_of(case.shop))

    refunds.reject_refund(refund_of(case), by=agent_of(case.shop, "owner"), reason="ask for a picture first")

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert (case.state, case.tag, case.tag_reason) == ("applied", "refund_stopped", "REJECTED")
    assert (refund_of(case).state, case.order.refunding_fen) == ("rejected", 0)


def test_a_refund_before_shipping_closes_the_order_voids_the_label_and_gives_all_back(platform, commits):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    case = case_of(
        platform,
        shop,
        nets=(10200, 6800),
        freight_fen=800,
        shop_discount_fen=2000,
        subsidy_fen=1000,
        state="packed",
        parcel="labelled",
    )
    held = Block.objects.open().get(order=case.order).stops
    OrderDiscount.objects.filter(order=case.order, bearer="shop").update(coupon_number="C-1")

    with commits():
        cases.agree_case(case, by=agent_of(shop), shown_version=case.version)
    with commits():
        a_minute_later(case)

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert held == ["pick", "ship", "receive", "complete"]
    assert (case.state, case.order.state, case.order.refunded_fen) == ("success", "closed", 17800)
    assert Package.objects.get(order=case.order).state == "voided"
    assert platform.paid == [(case.order.number, 17800)]
    assert ledger.balances(shop, order_number=case.order.number) == {
        "platform_receivable": -18800,
        "platform_subsidy": 1000,
        "refunds_paid": 17800,
    }
    assert OrderDiscount.objects.get(order=case.order, bearer="shop").restored_at is not None


def test_before_shipping_the_order_stays_until_the_second_person_has_agreed(platform):
    shop = own_shop()
    case = case_of(platform, shop, nets=(20001,), state="packed", parcel="labelled")
    cases.agree_case(case, by=agent_of(shop))
    refund = refund_of(case)

    def house() -> tuple[str, str, bool]:
        case.order.refresh_from_db()
        held = Block.objects.open().filter(order=case.order, stops__contains=["pick"]).exists()
        return case.order.state, package_of(case).state, held

    waiting = house()
    refunds.approve_refund(refund, by=agent_of(shop, "owner"))

    assert (waiting, house()) == (("packed", "labelled", True), ("closed", "voided", True))


def test_a_parcel_scanned_before_the_second_person_looked_stops_the_approval(platform):
    shop = own_shop()
    case = case_of(platform, shop, nets=(20001,), state="packed", parcel="labelled")
    cases.agree_case(case, by=agent_of(shop))
    record_events({package_of(case).pk: [scan("picked_up")]})

    with pytest.raises(Refused) as refused:
        refunds.approve_refund(refund_of(case), by=agent_of(shop, "owner"))

    case.order.refresh_from_db()
    assert (refused.value.code, refund_of(case).state, case.order.state) == ("SHIPPED", "created", "packed")


def test_a_part_before_shipping_leaves_the_rest_to_be_sent(platform, commits):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    case = case_of(platform, shop, nets=(10200, 6800), state="to_fulfil", parcel=None, amount_fen=10200)

    with commits():
        cases.agree_case(case, by=agent_of(shop))
    a_minute_later(case)

    case.order.refresh_from_db()
    assert (case.order.state, case.order.refunded_fen) == ("to_fulfil", 10200)


def test_a_parcel_that_left_turns_a_refund_before_shipping_down(platform):
    case = case_of(platform, own_shop(), state="packed", parcel="picked_up")

    with pytest.raises(Refused) as refused:
        cases.agree_case(case, by=agent_of(case.shop))

    case.refresh_from_db()
    assert (refused.value.code, case.state) == ("SHIPPED", "applied")


@pytest.mark.parametrize(
    ("reason", "evidence", "code"),
    [("signed", None, "EVIDENCE"), ("because", None, "REASON"), ("signed", {"scan": "T-1"}, ""), ("other", None, "")],
)
def test_a_refusal_names_a_reason_and_some_reasons_their_proof(platform, reason, evidence, code):
    case = case_of(platform, own_shop())
    refusal = ""

    try:
        cases.refuse_case(case, by=agent_of(case.shop), shown_version=1, reason=reason, evidence=evidence)
    except Refused as refused:
        refusal = refused.code

    case.refresh_from_db()
    assert (refusal, case.state) == (code, "applied" if code else "refused")
    assert case.clock == ("T-AS-HANDLE" if code else "T-DISPUTE-OPEN")


def test_a_refusal_is_told_to_the_platform(platform, commits):
    case = case_of(platform)

    with commits():
        cases.refuse_case(
            case, by=agent_of(case.shop), reason="signed", note="签收于 11 月 20 日", evidence={"scan": "signed"}
        )

    case.refresh_from_db()
    row = platform.world.refunds[case.number]
    assert (row["status"], row["sellerDisagreeReason"], row["sellerDisagreeDesc"]) == (12, 1, "签收于 11 月 20 日")
    assert (case.state, case.platform_sync_at, case.external_status) == ("refused", None, "12")


def test_a_refusal_the_platform_cannot_take_waits_and_is_told_later(platform, commits):
    case = case_of(platform)
    platform.fail("reject", "down", times=2)

    with commits():
        cases.refuse_case(case, by=agent_of(case.shop), reason="other")
    case.refresh_from_db()
    waiting = case.platform_sync_at is not None, platform.world.refunds[case.number]["status"]
    Case.objects.update(platform_sync_at=case.applied_at)
    platform.faults.clear()
    with commits():
        cases_told = platform_answers.tell_refusals()

    case.refresh_from_db()
    assert (waiting, cases_told) == ((True, 10), 1)
    assert (case.platform_sync_at, platform.world.refunds[case.number]["status"]) == (None, 12)


def test_an_offer_the_buyer_takes_pays_the_offered_amount(platform, commits):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    case = case_of(platform, shop, nets=(10200,))

    cases.propose_case(case, by=agent_of(shop), amount_fen=5100, note="half")
    offered = Case.objects.get().state, Case.objects.get().clock
    with commits():
        cases.answer_offer(case, by=None, accepts=True)
    a_minute_later(case)

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert offered == ("wait_buyer_reply", "T-NEGO")
    assert (case.state, platform.paid) == ("success", [(case.order.number, 5100)])
    assert case.order.refundable_fen == 5100


def test_an_offer_above_the_agents_limit_waits_for_a_second_person(platform):
    shop = own_shop()
    case = case_of(platform, shop, nets=(60000,))
    cases.propose_case(case, by=agent_of(shop), amount_fen=30000)

    cases.answer_offer(case, by=None, accepts=True)

    assert (refund_of(case).state, refund_of(case).amount_fen) == ("created", 30000)


def test_an_offer_declined_comes_back_and_a_second_one_in_the_round_is_refused(platform):
    case = case_of(platform, own_shop(), nets=(10200,))
    agent = agent_of(case.shop)
    cases.propose_case(case, by=agent, amount_fen=5100)
    cases.answer_offer(case, by=None, accepts=False)
    case.refresh_from_db()

    with pytest.raises(Refused) as refused:
        cases.propose_case(case, by=agent, amount_fen=6000)

    assert (case.state, refused.value.code) == ("applied", "ROUND")


def test_a_withdrawal_voids_a_refund_that_has_not_been_sent(platform):
    case = case_of(platform, own_shop())
    cases.agree_case(case, by=agent_of(case.shop))
    case.refresh_from_db()

    cases.withdraw_case(case, by=None, reason="keeps it")

    case.refresh_from_db()
    case.order.refresh_from_db()
    assert (case.state, refund_of(case).state, case.order.refunding_fen) == ("cancelled", "void", 0)
    assert ledger.balances(case.shop, order_number=case.order.number) == {}


def test_money_on_its_way_cannot_be_withdrawn(platform, commits):
    platform.hold_money()
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    case = case_of(platform, shop)
    with commits():
        cases.agree_case(case, by=agent_of(shop))
    case.refresh_from_db()

    with pytest.raises(Refused) as refused:
        cases.withdraw_case(case, by=None)

    assert (refused.value.code, refund_of(case).state) == ("PAYING", "processing")


def test_a_line_has_one_open_case_and_five_in_all(platform):
    order = shipped_order(platform, own_shop(), nets=(8800,))

    def ask() -> Case:
        return cases.apply_case(order, kind=CaseKind.REFUND_ONLY_SHIPPED, amount_fen=8800, by=None)

    codes = []
    for _turn in range(5):
        case = ask()
        with pytest.raises(Refused) as refused:
            ask()
        codes.append(refused.value.code)
        cases.withdraw_case(case, by=None)
    with pytest.raises(Refused) as sixth:
        ask()

    assert (codes, sixth.value.code) == (["OPEN_CASE"] * 5, "ATTEMPTS")


def test_more_than_is_left_is_refused_with_the_most_there_is(platform, commits):
    shop = own_shop()
    policy.change(shop, by=None, reason="test", release_manual_refunds="at_once")
    order = shipped_order(platform, shop, nets=(10200, 6800), freight_fen=800, state="to_fulfil")
    first, second = order.lines.order_by("line_no")
    paid = cases.apply_case(
        order, kind=CaseKind.REFUND_ONLY_UNSHIPPED, amount_fen=10200, parts={first.pk: 10200}, by=None
    )
    with commits():
        cases.agree_case(paid, by=agent_of(shop))

    with pytest.raises(Refused) as refused:
        cases.apply_case(order, kind=CaseKind.REFUND_ONLY_UNSHIPPED, amount_fen=7601, parts={second.pk: 6800}, by=None)

    assert (refused.value.code, refused.value.detail["max_fen"]) == ("M5", 7600)


def test_the_verbs_of_a_case_say_why_they_are_closed(platform):
    case = case_of(platform, nets=(50000,))
    agent, warehouse = agent_of(case.shop), agent_of(case.shop, "warehouse")

    open_to_agent = {found.name: (found.is_allowed, found.code) for found in open_verbs(case, agent)}

    assert open_to_agent == {
        "intercept_case": (False, "E10"),
        "stop_in_house": (False, "E11"),
        "withdraw_interception": (False, "NO_INTERCEPTION"),
        "agree_case": (True, ""),
        "refuse_case": (True, ""),
        "propose_case": (False, "ON_PLATFORM"),
        "clear_alarm": (False, "NO_ALARM"),
        "ship_back_case": (False, "CASE_STATE"),
        "settle_return_case": (False, "CASE_STATE"),
    }
    assert verb(case, warehouse, "agree_case").code == "RIGHT"
    assert str(verb(case, agent, "intercept_case").sentence) != ""
