"""Who has a case: claim, hand over, escalate, release. No state moves and the version stays."""

import pytest

from aftersales.cases.enums import CaseState
from aftersales.cases.models import Case
from aftersales.decisions import assigning, policies
from aftersales.decisions import services as cases
from aftersales.refunds.policies import limits_of
from merchant.people.models import Membership
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.assignment import services as order_work
from orders.buyers.models import Buyer
from orders.record.enums import OrderState
from orders.record.models import Order
from tests.aftersales.factories import agent_of, case_of, own_shop
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def who(case):
    """(assignee, level, keeper of the customer) as stored."""
    row = Case.objects.select_related("assignee", "buyer__account_owner").get(pk=case.pk)
    return row.assignee, row.level, row.buyer.account_owner


def trail(case):
    rows = Activity.objects.about(case).exclude(verb="case.apply").order_by("pk")
    return [(row.verb, row.by, row.reason, row.detail.get("to")) for row in rows]


def refusal(act):
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


def test_a_claim_makes_the_case_and_its_customer_mine_and_says_so(platform):
    case = case_of(platform, own_shop())
    agent = agent_of(case.shop)

    claimed = assigning.claim_case(case, by=agent)
    assigning.claim_case(case, by=agent)

    assert who(case) == (agent, 0, agent)
    assert (claimed.version, claimed.state) == (case.version, CaseState.APPLIED)
    assert trail(case) == [("case.claim", agent, "", None)]


def test_a_case_somebody_has_is_not_claimed_and_the_sentence_names_them(platform):
    case = case_of(platform, own_shop())
    first, second = agent_of(case.shop), agent_of(case.shop)
    assigning.claim_case(case, by=first)

    refused = refusal(lambda: assigning.claim_case(case, by=second))

    assert (refused.code, str(first) in str(refused.message)) == ("TAKEN", True)
    assert who(case) == (first, 0, first)


def test_a_supervisor_takes_a_case_without_keeping_its_customer(platform):
    case = case_of(platform, own_shop())
    supervisor = agent_of(case.shop, "supervisor")

    assigning.claim_case(case, by=supervisor)

    assert who(case) == (supervisor, 0, None)


def test_a_hand_over_moves_the_case_and_the_customer_with_the_reason(platform):
    case = case_of(platform, own_shop())
    first, second = agent_of(case.shop), agent_of(case.shop)
    assigning.claim_case(case, by=first)

    given = assigning.hand_over_case(case, to=second, by=first, reason="换班")

    assert who(case) == (second, 0, second)
    assert given.version == case.version
    assert trail(case)[-1] == ("case.hand_over", first, "换班", second.pk)


@pytest.mark.parametrize(
    ("to", "reason", "code"),
    [
        ("stranger", "换班", "MEMBER"),
        ("warehouse", "换班", "MEMBER"),
        ("former", "换班", "MEMBER"),
        ("self", "换班", "SAME"),
        ("colleague", "  ", "REASON"),
    ],
)
def test_a_hand_over_to_nobody_who_may_take_it_changes_nothing(platform, to, reason, code):
    case = case_of(platform, own_shop())
    agent = agent_of(case.shop)
    assigning.claim_case(case, by=agent)
    former = agent_of(case.shop)
    Membership.objects.filter(user=former).update(is_active=False)
    people = {
        "stranger": agent_of(own_shop()),
        "warehouse": agent_of(case.shop, "warehouse"),
        "former": former,
        "self": agent,
        "colleague": agent_of(case.shop),
    }
    before = trail(case)

    refused = refusal(lambda: assigning.hand_over_case(case, to=people[to], by=agent, reason=reason))

    assert (refused.code, who(case), trail(case)) == (code, (agent, 0, agent), before)


def test_only_who_hands_out_work_gives_away_somebody_else_s_case(platform):
    case = case_of(platform, own_shop())
    first, second, supervisor = agent_of(case.shop), agent_of(case.shop), agent_of(case.shop, "supervisor")
    assigning.claim_case(case, by=first)

    refused = refusal(lambda: assigning.hand_over_case(case, to=second, by=second, reason="我来"))
    assigning.hand_over_case(case, to=second, by=supervisor, reason="均一均")

    assert (refused.code, who(case)) == ("TAKEN", (second, 0, second))


@pytest.mark.req("R2.39")
def test_an_escalated_case_waits_for_a_supervisor_and_comes_back_by_a_hand_over(platform):
    case = case_of(platform, own_shop())
    agent, other, supervisor = agent_of(case.shop), agent_of(case.shop), agent_of(case.shop, "supervisor")
    assigning.claim_case(case, by=agent)

    raised = assigning.escalate_case(case, by=agent, reason="买家要投诉")
    again = refusal(lambda: assigning.escalate_case(case, by=agent, reason="再升"))
    not_yours = refusal(lambda: assigning.claim_case(case, by=other))
    open_for_above = who(case)
    assigning.claim_case(case, by=supervisor)
    assigning.hand_over_case(case, to=agent, by=supervisor, reason="按协商办")

    assert (raised.version, open_for_above) == (case.version, (None, 1, agent))
    assert (again.code, not_yours.code) == ("ESCALATED", "LEVEL")
    assert who(case) == (agent, 0, agent)
    assert [verb for verb, *_rest in trail(case)] == ["case.claim", "case.escalate", "case.claim", "case.hand_over"]
    assert assigning.escalate_case(case, by=agent, reason="又来了", to=supervisor).level == 1


def test_escalating_needs_a_reason_an_open_case_and_somebody_above(platform):
    case = case_of(platform, own_shop())
    agent = agent_of(case.shop)
    alone = refusal(lambda: assigning.escalate_case(case, by=agent, reason="难"))
    supervisor, owner = agent_of(case.shop, "supervisor"), agent_of(case.shop, "owner")

    codes = [
        alone.code,
        refusal(lambda: assigning.escalate_case(case, by=agent, reason=" ")).code,
        refusal(lambda: assigning.escalate_case(case, by=agent, reason="难", to=agent_of(case.shop))).code,
        refusal(lambda: assigning.escalate_case(case, by=owner, reason="难")).code,
        refusal(lambda: assigning.escalate_case(case, by=supervisor, reason="难", to=supervisor)).code,
    ]
    unchanged = who(case)
    raised = assigning.escalate_case(case, by=supervisor, reason="超权限", to=owner)
    cases.withdraw_case(case, by=None)

    assert codes == ["TOP", "REASON", "MEMBER", "TOP", "MEMBER"]
    assert (unchanged, raised.level, raised.assignee) == ((None, 0, None), 2, owner)
    assert refusal(lambda: assigning.escalate_case(case, by=agent, reason="难")).code == "CASE_STATE"


def test_a_released_case_and_its_customer_are_everybody_s_again(platform):
    case = case_of(platform, own_shop())
    agent = agent_of(case.shop)
    assigning.claim_case(case, by=agent)

    assigning.release_case(case, by=agent)

    assert who(case) == (None, 0, None)
    assert refusal(lambda: assigning.release_case(case, by=agent)).code == "FREE"


def test_a_decision_claims_a_case_nobody_has(platform):
    case = case_of(platform, own_shop())
    agent = agent_of(case.shop)

    cases.refuse_case(case, by=agent, reason="other")

    assert who(case) == (agent, 0, agent)
    assert [verb for verb, *_rest in trail(case)] == ["case.claim", "case.refuse"]


def test_a_colleague_may_decide_unless_the_shop_says_only_the_assignee(platform):
    shop = own_shop()
    case, other = case_of(platform, shop), case_of(platform, shop)
    first, second = agent_of(shop), agent_of(shop)
    assigning.claim_case(case, by=first)
    assigning.claim_case(other, by=first)

    cases.refuse_case(case, by=second, reason="other")
    policy.change(shop, by=None, reason="试", only_assignee_decides=True)
    refused = refusal(lambda: cases.refuse_case(other, by=second, reason="other"))
    other.refresh_from_db()
    verbs = {verb.name: (verb.is_allowed, verb.code) for verb in policies.open_verbs(other, second)}

    case.refresh_from_db()
    other.refresh_from_db()
    assert (case.state, case.assignee) == (CaseState.REFUSED, first)
    assert (refused.code, str(first) in str(refused.message)) == ("TAKEN", True)
    assert (other.state, verbs["refuse_case"], verbs["agree_case"]) == (
        CaseState.APPLIED,
        (False, "TAKEN"),
        (False, "TAKEN"),
    )
    assert cases.refuse_case(other, by=first, reason="other").state == CaseState.REFUSED


def test_everything_of_somebody_away_goes_to_one_colleague_in_one_step(platform):
    shop = own_shop()
    case, over = case_of(platform, shop), case_of(platform, shop, buyer_id="b-2")
    away, colleague, supervisor = agent_of(shop), agent_of(shop), agent_of(shop, "supervisor")
    order = make_order(shop, state=OrderState.TO_FULFIL, buyer_id="b-3")
    assigning.claim_case(case, by=away)
    cases.refuse_case(over, by=away, reason="other")
    cases.withdraw_case(over, by=None)
    order_work.claim_order(order, by=away)
    member = Membership.objects.get(user=away)

    refused = refusal(lambda: assigning.hand_over_all(member, to=colleague, by=away, reason="休假"))
    before = assigning.load_of(away, shop)
    moved = assigning.hand_over_all(member, to=colleague, by=supervisor, reason="休假")

    over.refresh_from_db()
    assert (refused.code, before, moved) == ("RIGHT", assigning.Load(3, 1, 1), assigning.Load(3, 1, 1))
    assert assigning.load_of(away, shop).is_empty
    assert (who(case), over.assignee) == ((colleague, 0, colleague), away)
    assert set(Buyer.objects.values_list("account_owner", flat=True)) == {colleague.pk}
    assert Order.objects.get(pk=order.pk).assignee == colleague
    assert trail(case)[-1] == ("case.hand_over", supervisor, "休假", colleague.pk)


def test_an_order_still_to_be_shipped_is_claimed_and_handed_over(platform):
    shop = own_shop()
    order, sent = make_order(shop, state=OrderState.TO_FULFIL), make_order(shop)
    first, second = agent_of(shop), agent_of(shop)

    order_work.claim_order(order, by=first)
    taken = refusal(lambda: order_work.claim_order(order, by=second))
    gone = refusal(lambda: order_work.claim_order(sent, by=first))
    order_work.hand_over_order(order, to=second, by=first, reason="换班")

    order.refresh_from_db()
    assert (taken.code, gone.code, order.assignee, order.version) == ("TAKEN", "ORDER_STATE", second, 1)
    assert order.buyer.account_owner == second
    verbs = (
        Activity.objects.about(order).filter(verb__in=["order.claim", "order.hand_over"]).values_list("verb", flat=True)
    )
    assert list(verbs) == ["order.hand_over", "order.claim"]


def test_a_changed_account_owner_takes_over_what_the_one_before_had_of_the_customer(platform):
    case = case_of(platform, own_shop())
    first, second, supervisor = agent_of(case.shop), agent_of(case.shop), agent_of(case.shop, "supervisor")
    assigning.claim_case(case, by=first)

    refused = refusal(lambda: assigning.change_account_owner(case.buyer, to=second, by=first, reason="换"))
    assigning.change_account_owner(case.buyer, to=second, by=supervisor, reason="换")
    moved = who(case)
    assigning.change_account_owner(Buyer.objects.get(), to=None, by=supervisor, reason="放")

    assert (refused.code, moved, who(case)) == ("RIGHT", (second, 0, second), (None, 0, None))


def test_the_limit_shrinks_by_what_was_agreed_today(platform):
    shop = own_shop()
    agent = agent_of(shop)
    before = limits_of(agent, shop)

    cases.agree_case(case_of(platform, shop, nets=(6_000,)), by=agent)

    assert (before.case_fen, before.left_today_fen) == (20_000, 20_000)
    assert limits_of(agent, shop).left_today_fen == 14_000
    assert limits_of(agent_of(shop, "owner"), shop).is_limited is False
