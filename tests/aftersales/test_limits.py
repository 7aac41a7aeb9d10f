"""A person's limit holds for their word, however it is split: over cases, over approvals, over two windows at once."""

import pytest

from aftersales.cases.models import Case
from aftersales.decisions import services as cases
from aftersales.paying import payouts
from aftersales.refunds import services as refunds
from aftersales.refunds.models import Refund
from merchant.people.models import Membership
from merchant.policy import services as policy
from merchant.refusals import Refused
from tests.aftersales.factories import agent_of, case_of, file_payout, own_shop, refund_of
from tests.aftersales.test_threads import at_once

pytestmark = pytest.mark.django_db


def waiting(platform, shop, by, net):
    """A refund that `by` has asked for above their own limit of the day."""
    return refund_of(cases.agree_case(case_of(platform, shop, nets=(net,)), by=by))


def test_two_agents_at_their_limits_cannot_go_on_for_each_other(platform):
    shop = own_shop()
    first, second = agent_of(shop), agent_of(shop)
    for agent in (first, second):
        assert waiting(platform, shop, agent, 15_000).state == "approved"
    more = waiting(platform, shop, first, 5_001)

    with pytest.raises(Refused) as refused:
        refunds.approve_refund(more, by=second)

    more.refresh_from_db()
    assert (refused.value.code, refused.value.detail) == ("LIMIT", {"limit": "day_limit"})
    assert (more.state, more.approved_by) == ("created", None)
    assert refunds.approve_refund(more, by=agent_of(shop, "owner")).state == "approved"


def test_what_one_approved_for_another_counts_for_one_s_own_day(platform):
    shop = own_shop()
    first, second = agent_of(shop), agent_of(shop)
    assert waiting(platform, shop, first, 15_000).state == "approved"
    refunds.approve_refund(waiting(platform, shop, first, 8_000), by=second)

    assert waiting(platform, shop, second, 12_000).state == "approved"
    assert waiting(platform, shop, second, 1).state == "created"


@pytest.mark.django_db(transaction=True)
def test_four_windows_at_once_do_not_pass_the_limit_of_the_day(platform):
    shop = own_shop()
    agent = agent_of(shop)
    # 4 × 6,000 fen against 20,000: three pass, whoever comes last waits for a second person.
    opened = [case_of(platform, shop, nets=(6_000,)) for _ in range(4)]

    ended = at_once(*[lambda case=case: cases.agree_case(Case.objects.get(pk=case.pk), by=agent) for case in opened])

    assert ended == ["", "", "", ""]
    assert sorted(Refund.objects.values_list("state", flat=True)) == ["approved", "approved", "approved", "created"]


def failed(platform):
    """A refund that the channel closed, with a payout filed by one finance person."""
    shop = own_shop()
    refund = refund_of(cases.agree_case(case_of(platform, shop), by=agent_of(shop)))
    Refund.objects.filter(pk=refund.pk).update(state="abnormal", next_at=None)
    refund.refresh_from_db()
    return file_payout(refund, by=agent_of(shop, "finance"), reference="BK-1")


def test_a_payout_filed_anew_meanwhile_is_not_confirmed_by_an_older_page(platform):
    refund = failed(platform)
    payouts.reject_payout(refund, by=refund.payout_by, reason="金额打错了")
    file_payout(refund, by=agent_of(refund.shop, "finance"), reference="BK-2")

    with pytest.raises(Refused) as refused:
        payouts.confirm_payout(refund, by=agent_of(refund.shop, "owner"), shown="BK-1")

    refund.refresh_from_db()
    assert (refused.value.code, refund.state, refund.payout_approved_by) == ("E16", "abnormal", None)


# --- nobody else there ------------------------------------------------------------------------------------------------


def alone(platform, *, net: int = 100_001):
    """(refund, owner): above the second-person limit of 1,000.00, asked for by the only one who may approve."""
    shop = own_shop()
    Membership.objects.filter(shop=shop).delete()
    owner = agent_of(shop, "owner")
    return waiting(platform, shop, owner, net), owner


def test_an_owner_alone_is_told_how_to_go_on_and_nothing_is_approved(platform):
    refund, owner = alone(platform)

    with pytest.raises(Refused) as refused:
        refunds.approve_refund(refund, by=owner)

    refund.refresh_from_db()
    assert (refused.value.code, refund.state) == ("NOBODY_ELSE", "created")


def test_once_the_rule_asks_nobody_the_owner_alone_approves_on_record(platform):
    refund, owner = alone(platform)
    policy.change(refund.shop, by=owner, reason="一个人的店", second_person_fen=200_000)

    refunds.approve_refund(refund, by=owner)

    refund.refresh_from_db()
    assert (refund.state, refund.approved_by) == ("approved", owner)


def test_with_somebody_else_there_the_second_person_stays_the_second_person(platform):
    refund, owner = alone(platform)
    policy.change(refund.shop, by=owner, reason="一个人的店", second_person_fen=200_000)
    other = agent_of(refund.shop, "owner")

    with pytest.raises(Refused) as refused:
        refunds.approve_refund(refund, by=owner)

    assert refused.value.code == "SECOND_PERSON"
    assert refunds.approve_refund(refund, by=other).state == "approved"


def test_whoever_does_not_make_the_rules_never_approves_for_themselves(platform):
    refund, _owner = alone(platform)
    Membership.objects.filter(shop=refund.shop).delete()
    person = agent_of(refund.shop, "supervisor")
    Refund.objects.filter(pk=refund.pk).update(created_by=person)
    policy.change(refund.shop, by=None, reason="test", second_person_fen=200_000)

    with pytest.raises(Refused) as refused:
        refunds.approve_refund(Refund.objects.get(pk=refund.pk), by=person)

    assert refused.value.code in ("NOBODY_ELSE", "RIGHT")
    assert Refund.objects.get(pk=refund.pk).state == "created"
