from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases.enums import CaseState
from aftersales.decisions import services as cases
from aftersales.paying import funds, sending
from aftersales.refunds.enums import RefundState
from aftersales.refunds.models import Refund, RefundWish
from cs_workbench.refunds import lists
from merchant.clock import now
from merchant.people.models import Membership
from merchant.people.rights import ensure_default_roles
from merchant.trail.models import Activity
from tests.aftersales.factories import agent_of, case_of, own_shop, refund_of
from tests.merchant.factories import make_user

pytestmark = pytest.mark.django_db


def agreed(platform, shop, agent, **more):
    case = case_of(platform, shop, **more)
    return cases.agree_case(case, by=agent)


def verb(client, refund, name, **told):
    return client.post(reverse("refund_verb", args=[refund.shop_id, refund.number, name]), told, follow=True)


def test_what_an_agent_agreed_waits_for_finance_who_releases_it(platform, commits, sign_in):
    shop = own_shop()
    case = agreed(platform, shop, agent_of(shop))
    finance = make_user("finance", shop)
    client = sign_in(finance)

    page = client.get(reverse("refunds"))
    assert (page.context["tab"], [row["refund"].case_id for row in page.context["rows"]]) == ("release", [case.pk])

    with commits():
        verb(client, refund_of(case), "release")

    refund = refund_of(case)
    assert (refund.released_by, refund.state) == (finance, RefundState.PROCESSING)
    assert len(platform.wechat.refunds) == 1


def test_above_the_agent_s_limit_another_person_must_approve(platform, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = agreed(platform, shop, agent, nets=(45_000,))
    refund = refund_of(case)
    assert refund.state == RefundState.CREATED

    own = verb(sign_in(agent), refund, "approve").content.decode()
    assert refund_of(case).state == RefundState.CREATED
    assert "does not include" in own or "somebody else must approve it" in own

    owner = make_user("owner", shop)
    verb(sign_in(owner), refund, "approve")
    assert (refund_of(case).state, refund_of(case).approved_by) == (RefundState.APPROVED, owner)


def test_a_rejection_needs_a_reason_and_gives_the_case_back(platform, sign_in):
    shop = own_shop()
    case = agreed(platform, shop, agent_of(shop))
    client = sign_in(make_user("finance", shop))

    silent = verb(client, refund_of(case), "reject", reason=" ").content.decode()
    assert "Say why." in silent
    assert refund_of(case).state == RefundState.APPROVED

    verb(client, refund_of(case), "reject", reason="金额不对")
    case.refresh_from_db()
    assert (refund_of(case).state, case.state) == (RefundState.REJECTED, CaseState.APPLIED)


def test_finance_asks_the_channel_without_waiting_for_the_next_poll(platform, commits, sign_in):
    shop = own_shop()
    case = agreed(platform, shop, agent_of(shop))
    client = sign_in(make_user("finance", shop))
    with commits():
        verb(client, refund_of(case), "release")
    platform.let_money_arrive()

    with commits():
        asked = verb(client, refund_of(case), "ask").content.decode()
    page = client.get(reverse("refund_detail", args=[shop.pk, refund_of(case).number])).content.decode()

    assert "Asked; the answer appears here by itself." in asked
    assert "The channel was asked: Refunded." in page
    assert refund_of(case).state == RefundState.SUCCESS


def test_an_agent_may_look_but_not_release(platform, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = agreed(platform, shop, agent)

    text = verb(sign_in(agent), refund_of(case), "release").content.decode()

    assert "Your role does not include this: release refund money." in text
    assert refund_of(case).released_by is None


def test_another_shops_refund_is_not_there(platform, sign_in):
    mine, theirs = own_shop(), own_shop()
    case = agreed(platform, theirs, agent_of(theirs))
    refund = refund_of(case)
    client = sign_in(make_user("finance", mine))

    assert client.get(reverse("refund_detail", args=[theirs.pk, refund.number])).status_code == 404
    assert verb(client, refund, "release").status_code == 404
    assert client.get(reverse("refunds")).context["rows"] == []


def test_the_refunds_desk_costs_the_same_for_one_row_and_for_three(platform, sign_in):
    shop = own_shop()
    agents = [agent_of(shop) for _ in range(3)]
    client = sign_in(make_user("finance", shop))
    agreed(platform, shop, agents[0])
    client.get(reverse("refunds"))

    with CaptureQueriesContext(connection) as one:
        client.get(reverse("refunds"), {"tab": "release"})
    for agent in agents[1:]:
        agreed(platform, shop, agent)
    with CaptureQueriesContext(connection) as three:
        page = client.get(reverse("refunds"), {"tab": "release"})

    assert len(page.context["rows"]) == Refund.objects.count() == 3
    assert len(three) == len(one)


@pytest.mark.req("R3.24")
def test_what_waits_for_funds_says_how_much_is_missing_and_is_tried_again_under_its_number(platform, commits, sign_in):
    shop = own_shop()
    case = agreed(platform, shop, agent_of(shop))
    client = sign_in(make_user("finance", shop))
    platform.wechat.set_balance(0)
    with commits():
        verb(client, refund_of(case), "release")
    number = refund_of(case).number

    page = client.get(reverse("refunds"), {"tab": "funds"})
    platform.wechat.set_balance(100_000)
    with commits():
        verb(client, refund_of(case), "ask")

    text = page.content.decode()
    assert "¥88.00 is missing for 1 refund. Top up, then try again." in text
    assert "The shop's balance at the channel is too low." in text.replace("&#x27;", "'")
    assert (refund_of(case).number, refund_of(case).state) == (number, RefundState.PROCESSING)
    assert list(platform.wechat.refunds) == [number]


@pytest.mark.req("R3.20", "R3.22", "R3.23", "R3.38")
def test_the_page_tells_the_way_the_sum_and_when_the_money_arrives(platform, commits, sign_in):
    shop = own_shop()
    case = agreed(platform, shop, agent_of(shop))
    client = sign_in(make_user("finance", shop))
    with commits():
        verb(client, refund_of(case), "release")

    page = client.get(reverse("refund_detail", args=[shop.pk, refund_of(case).number]))

    text = page.content.decode()
    assert page.context["expected"].rule == "ARRIVE-WECHAT-BALANCE"
    assert "Expected: about 5 minutes." in text
    assert "the way it was paid" in text
    assert (page.context["sheet"].total, page.context["sheet"].rows[0].left) == (8800, 0)
    assert "Hello, your refund of ¥88.00" in text


def test_the_page_draws_how_far_the_refund_is_and_the_case_says_it_in_one_line(platform, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = agreed(platform, shop, agent)
    finance = make_user("finance", shop)
    client = sign_in(finance)
    with commits():
        verb(client, refund_of(case), "release")

    refund = refund_of(case)
    detail = client.get(reverse("refund_detail", args=[shop.pk, refund.number]))
    partial = client.get(reverse("refund_detail", args=[shop.pk, refund.number]), headers={"HX-Request": "true"})
    of_case = client.get(reverse("case_detail", args=[shop.pk, case.number])).content.decode()

    assert [(step.title, step.kind, step.note) for step in detail.context["steps"]][:5] == [
        ("Asked", "done", str(agent)),
        ("Approved", "done", str(agent)),
        ("Released", "done", str(finance)),
        ("Told to the channel", "done", "1 call so far"),
        ("Channel's answer", "now", "being paid"),
    ]
    assert all(step.at for step in detail.context["steps"][:5])
    assert partial.content.decode().count('aria-current="step"') == 1
    assert "Step 5 of 6: Channel&#x27;s answer" in of_case


@pytest.mark.req("R3.21")
def test_the_buyers_wish_is_written_down_by_one_person_and_granted_by_another(platform, sign_in):
    shop = own_shop()
    agent, owner = agent_of(shop), make_user("owner", shop)
    case = agreed(platform, shop, agent)
    page = reverse("case_detail", args=[shop.pk, case.number])
    client = sign_in(agent)

    client.post(
        reverse("payback_request_verb", args=[shop.pk, case.number, "record"]), {"way": "offline", "note": "原卡丢了"}
    )
    client.post(reverse("payback_request_verb", args=[shop.pk, case.number, "grant"]))
    wish = RefundWish.objects.get()
    assert (wish.way, wish.told_by, wish.granted_by) == ("offline", agent, None)

    other = sign_in(owner)
    assert "Grant: pay it outside the channel" in other.get(page).content.decode()
    other.post(reverse("payback_request_verb", args=[shop.pk, case.number, "grant"]), {"shown": str(wish.pk)})
    wish.refresh_from_db()
    finance = sign_in(make_user("finance", shop)).get(reverse("refunds"), {"tab": "release"})
    [row] = finance.context["rows"]
    assert wish.granted_by == owner
    assert [(one.name, one.is_allowed, one.code) for one in row["buttons"]] == [
        ("release", False, "WISH"),
        ("reject", True, ""),
    ]


def short_of_funds(platform, shop, count):
    """`count` refunds told to a channel without money."""
    found = [agreed(platform, shop, agent_of(shop)) for _ in range(count)]
    platform.wechat.set_balance(0)
    Refund.objects.filter(case__in=found).update(next_at=now())
    sending.sweep_refunds()
    return [refund_of(case) for case in found]


def test_funds_are_back_and_everything_that_waited_is_tried_again_under_its_number(platform, commits, sign_in):
    shop = own_shop()
    waiting = short_of_funds(platform, shop, 3)
    finance = make_user("finance", shop)
    client = sign_in(finance)
    address = reverse("refund_funds", args=[shop.pk, "wechat_pay"])
    assert "Funds are back: try them all again" in client.get(reverse("refunds"), {"tab": "funds"}).content.decode()
    platform.wechat.set_balance(2 * 8800)

    with commits():
        client.post(address)
    page = client.get(reverse("refunds"), {"tab": "funds"}).content.decode()

    states = sorted(Refund.objects.values_list("state", flat=True))
    assert states == [RefundState.PROCESSING, RefundState.PROCESSING, RefundState.WAIT_FUNDS]
    assert "3 asked: 0 paid, 2 being paid, 1 still waiting for funds." in page
    assert set(platform.wechat.refunds) <= {refund.number for refund in waiting}
    [line] = Activity.objects.filter(verb="refund.try_all")
    assert (line.by, line.detail) == (
        finance,
        {"channel": "wechat_pay", "asked": 3, "paid": 0, "waiting": 1, "later": 0},
    )


def test_beyond_fifty_the_rest_is_pulled_forward_for_the_sweep(platform, commits, sign_in, monkeypatch):
    monkeypatch.setattr(funds, "AT_ONCE", 1)
    shop = own_shop()
    short_of_funds(platform, shop, 3)
    assert not Refund.objects.filter(next_at__lte=now()).exists()
    platform.wechat.set_balance(100_000)

    client = sign_in(make_user("finance", shop))

    with commits():
        client.post(reverse("refund_funds", args=[shop.pk, "wechat_pay"]))
    page = client.get(reverse("refunds"), {"tab": "running"})

    text = page.content.decode()
    assert "1 asked: 0 paid, 1 being paid, 0 still waiting for funds. 2 more are tried in the background now." in text
    assert Refund.objects.filter(state=RefundState.WAIT_FUNDS, next_at__lte=now()).count() == 2
    assert sending.sweep_refunds() == 2
    assert set(Refund.objects.values_list("state", flat=True)) == {RefundState.PROCESSING}


def test_an_agent_may_not_try_them_all_and_nothing_is_asked(platform, sign_in):
    shop = own_shop()
    short_of_funds(platform, shop, 2)
    before = list(Refund.objects.order_by("pk").values_list("state", "attempts", "next_at"))
    platform.wechat.set_balance(100_000)

    client = sign_in(agent_of(shop))
    page = client.post(reverse("refund_funds", args=[shop.pk, "wechat_pay"]), follow=True)

    assert "Your role does not include this: release refund money." in page.content.decode()
    assert list(Refund.objects.order_by("pk").values_list("state", "attempts", "next_at")) == before
    assert not Activity.objects.filter(verb="refund.try_all").exists()


def test_the_filters_by_channel_and_shop_stay_in_the_links_and_can_be_taken_away(platform, sign_in):
    first, second, foreign = own_shop(), own_shop(), own_shop()
    finance = make_user("finance", first)
    Membership.objects.create(user=finance, shop=second, role=ensure_default_roles()["finance"])
    case = agreed(platform, first, agent_of(first))
    agreed(platform, second, agent_of(second))
    client = sign_in(finance)
    told = {"tab": "release", "shop": first.pk, "channel": "wechat_pay"}

    page = client.get(reverse("refunds"), told)
    text = page.content.decode()
    other = client.get(reverse("refunds"), told | {"channel": "kuaishou"})
    not_mine = client.get(reverse("refunds"), {"tab": "release", "shop": foreign.pk})

    assert [row["refund"].case_id for row in page.context["rows"]] == [case.pk]
    assert [count for name, _label, count in page.context["tabs"] if name == "release"] == [1]
    assert f'href="?tab=paid&amp;channel=wechat_pay&amp;shop={first.pk}"' in text
    assert f'href="?tab=release&amp;shop={first.pk}"' in text
    assert 'href="?tab=release&amp;channel=wechat_pay"' in text
    assert other.context["rows"] == []
    assert len(not_mine.context["rows"]) == 2


def test_work_is_paged_from_the_oldest_on_and_no_row_is_lost_or_seen_twice(platform, sign_in, monkeypatch):
    monkeypatch.setattr(lists, "WORK_SIZE", 2)
    shop = own_shop()
    agents = [agent_of(shop) for _ in range(5)]
    made = [refund_of(agreed(platform, shop, agent)).pk for agent in agents]
    # The same microsecond, one that a float loses: only the row's number tells them apart.
    Refund.objects.filter(pk__in=made[1:4]).update(created_at=datetime(2026, 11, 24, 4, 0, 0, 123457, UTC))
    Refund.objects.filter(pk=made[4]).update(created_at=datetime(2026, 11, 23, tzinfo=UTC))
    Refund.objects.filter(pk=made[0]).update(created_at=datetime(2026, 11, 24, 5, tzinfo=UTC))
    client, seen, key = sign_in(make_user("finance", shop)), [], ""

    while True:
        page = client.get(reverse("refunds"), {"tab": "release", "shop": shop.pk, "after": key})
        seen.append([row["refund"].pk for row in page.context["rows"]])
        key = page.context["next_key"]
        if not key:
            break
        assert f"?tab=release&amp;shop={shop.pk}&amp;after={key}" in page.content.decode()

    assert seen == [[made[4], made[1]], [made[2], made[3]], [made[0]]]
