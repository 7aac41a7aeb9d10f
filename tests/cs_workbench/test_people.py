"""Whose customers one sees, on every page and list, and the pages that change who works on what."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases.models import Case
from aftersales.decisions import assigning
from aftersales.decisions import services as cases
from aftersales.refunds.models import Refund
from aftersales.returns.models import Inspection, ReturnParcel
from aftersales.returns.services import receive_parcel
from cs_workbench.desk import queue
from logistics.claims.models import Claim
from logistics.claims.services import draft_claim
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant.attachments.models import Purpose
from merchant.attachments.services import attach, read_files
from merchant.people.models import Membership, Team, User
from merchant.people.rights import memberships_of
from merchant.people.visibility import visible_owner_ids
from merchant.policy import services as policy
from orders.buyers.models import Buyer
from orders.record.enums import OrderState
from orders.record.models import Order
from tests.aftersales.factories import agent_of, case_of, intercepting, own_shop, refund_of
from tests.merchant.factories import make_user, photo_upload
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
MODELS = (Buyer, Order, Case, Package, Interception, Refund, Claim, ReturnParcel, Inspection)


def all_of(platform, shop, buyer, account_owner):
    """One row of every kind that belongs to a customer whom `keeper` keeps."""
    stopped = intercepting(case_of(platform, shop, buyer_id=buyer, buyer_nickname=f"买家{buyer}"))
    paid = cases.agree_case(
        case_of(platform, shop, buyer_id=buyer, buyer_nickname=f"买家{buyer}"), by=agent_of(shop, "owner")
    )
    home = receive_parcel(_refused(platform, shop, buyer), by=None)
    claim = draft_claim(
        stopped.package, by=None, cause="lost", loss_fen=8800, basis="paid_by_buyer", interception=stopped
    )
    Buyer.objects.filter(shop=shop, external_id=buyer).update(account_owner=account_owner)
    return {"stopped": stopped, "case": paid, "refund": refund_of(paid), "home": home, "claim": claim}


def _refused(platform, shop, buyer):
    from tests.aftersales.factories import shipped_order
    from tests.logistics.factories import make_package

    order = shipped_order(platform, shop, buyer_id=buyer, buyer_nickname=f"买家{buyer}")
    return make_package(order=order, state="refused")


def seen(model, user):
    rows = model.objects.visible_to(user)
    assert list(rows.order_by("pk")) == list(
        model.objects.seen_in(Membership.objects.get(user=user).shop_id, user).order_by("pk")
    )
    return rows.count()


@pytest.mark.req("R3.56")
def test_an_agent_sees_their_own_customers_and_nobody_s_and_no_trace_of_a_colleague_s(platform, courier, sign_in):
    shop = own_shop()
    mine, colleague = agent_of(shop), agent_of(shop)
    theirs = all_of(platform, shop, "b-theirs", colleague)
    all_of(platform, shop, "b-mine", mine)
    all_of(platform, shop, "b-free", None)
    [photo] = attach(theirs["case"], read_files([photo_upload()]), by=None, purpose=Purpose.PHOTO)
    client, order = sign_in(mine), theirs["case"].order
    package = theirs["stopped"].package

    hidden = {
        name: client.get(reverse(name, args=args)).status_code
        for name, args in {
            "order_detail": [shop.pk, order.number],
            "case_detail": [shop.pk, theirs["case"].number],
            "desk_case": [shop.pk, theirs["case"].number],
            "parcel_detail": [shop.pk, package.courier, package.waybill],
            "interception_detail": [shop.pk, theirs["stopped"].number],
            "refund_detail": [shop.pk, theirs["refund"].number],
            "claim_detail": [shop.pk, theirs["claim"].number],
            "return_parcel": [shop.pk, theirs["home"].number],
            "inspection_detail": [shop.pk, theirs["home"].inspection.number],
            "attachment": [photo.pk],
        }.items()
    }
    lists = {
        name: client.get(reverse(name), query).content.decode()
        for name, query in [
            ("orders", {}), ("interceptions", {}), ("refunds", {"tab": "release"}), ("claims", {}), ("desk", {"queue": "running"}),
            ("interception_queues", {}), ("warehouse", {"list": "inspect"}), ("board", {}), ("board_cases", {}),
        ]
    }  # fmt: skip

    assert set(hidden.values()) == {404}
    traces = [order.number, theirs["case"].number, theirs["refund"].number, theirs["stopped"].number, package.waybill,
              theirs["claim"].number, theirs["home"].waybill, "买家b-theirs"]  # fmt: skip
    assert [(name, trace) for name, text in lists.items() for trace in traces if trace in text] == []
    assert "买家b-mine" in lists["orders"] and "买家b-free" in lists["orders"]
    assert (
        {model.__name__: seen(model, mine) * 3 for model in MODELS}
        == {model.__name__: seen(model, colleague) * 3 for model in MODELS}
        == {model.__name__: model.objects.count() * 2 for model in MODELS}
    )


@pytest.mark.req("R3.56")
@pytest.mark.parametrize("how", ["number", "waybill", "phone", "tail", "nickname", "product", "name"])
def test_the_search_says_nothing_of_a_colleague_s_customer(platform, sign_in, how):
    shop = own_shop()
    mine, colleague = agent_of(shop), agent_of(shop)
    case = case_of(platform, shop)
    assigning.claim_case(case, by=colleague)
    order, waybill = case.order, Package.objects.get(order=case.order).waybill
    term = {"number": order.number, "waybill": waybill, "phone": "13900001234", "tail": order.number[-6:],
            "nickname": "海边的云", "product": "测试商品", "name": "林小满"}[how]  # fmt: skip

    found = {person: sign_in(person).get(reverse("orders"), {"q": term}) for person in (mine, colleague)}

    assert (found[mine].status_code, found[mine].context["rows"]) == (200, [])
    is_there = found[colleague].status_code == 302 or len(found[colleague].context["rows"]) == 1
    assert is_there is True


@pytest.mark.req("R3.56")
def test_a_supervisor_sees_the_team_the_owner_and_the_others_the_shop(platform):
    shop = own_shop()
    north, south = (Team.objects.create(shop=shop, name=name) for name in ("北组", "南组"))
    people = {}
    for name, role, team in [("a", "agent", north), ("b", "agent", south), ("lead", "supervisor", north),
                             ("whole", "supervisor", None), ("packer", "warehouse", None), ("owner", "owner", None)]:  # fmt: skip
        people[name] = make_user(role, shop)
        Membership.objects.filter(user=people[name]).update(team=team)
    for name in ("a", "b", "free"):
        order = make_order(shop, buyer_id=name)
        Buyer.objects.filter(pk=order.buyer_id).update(account_owner=people.get(name))

    found = {
        name: sorted(Order.objects.visible_to(person).values_list("buyer__external_id", flat=True))
        for name, person in people.items()
    }

    everybody = ["a", "b", "free"]
    assert found == {"a": ["a", "free"], "b": ["b", "free"], "lead": ["a", "free"], "whole": everybody,
                     "packer": everybody, "owner": everybody}  # fmt: skip


def test_work_given_to_me_is_seen_whoever_keeps_the_customer(platform):
    shop = own_shop()
    mine, colleague = agent_of(shop), agent_of(shop)
    case = case_of(platform, shop)
    Buyer.objects.update(account_owner=colleague)
    before = queue.read(mine, queue.View())

    Case.objects.filter(pk=case.pk).update(assignee=mine)

    after = queue.read(mine, queue.View())
    assert (before.shown, before.counted["todo"]) == ("", "0")
    assert (after.shown, after.counted["todo"]) == (f"c{case.pk}", "1")


def test_the_shop_may_show_everybody_everything(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    assigning.claim_case(case, by=agent_of(shop))
    client = sign_in(agent_of(shop))
    address = reverse("case_detail", args=[shop.pk, case.number])
    before = client.get(address).status_code

    policy.change(shop, by=None, reason="小店", agent_scope="shop")

    assert (before, client.get(address).status_code) == (404, 200)


def test_the_shop_shows_the_scope_of_its_newest_policy():
    shop, other = own_shop(), own_shop()
    seen = []
    for scope in ("shop", "own", "shop"):
        policy.change(shop, by=None, reason="换个看法", agent_scope=scope)
        policy.change(shop, by=None, reason="与此无关", auto_submit=scope == "own")
        shop.refresh_from_db()
        seen.append((shop.agent_scope, policy.current(shop).agent_scope))

    other.refresh_from_db()
    assert (seen, other.agent_scope) == ([("shop", "shop"), ("own", "own"), ("shop", "shop")], "own")


def test_whose_customers_an_agent_sees_costs_no_statement_beside_the_memberships(django_assert_num_queries):
    shop = own_shop()
    person = User.objects.get(pk=make_user("agent", shop).pk)

    with django_assert_num_queries(1):
        memberships_of(person)
        seen = visible_owner_ids(person)

    assert seen == {shop.pk: frozenset({person.pk})}


def test_each_shop_of_one_person_has_its_own_scope(platform):
    narrow, wide = own_shop(), own_shop()
    person = make_user("agent", narrow)
    Membership.objects.create(user=person, shop=wide, role=make_user("owner", wide).memberships.get().role)
    for shop in (narrow, wide):
        order = make_order(shop, buyer_id="b-9")
        Buyer.objects.filter(pk=order.buyer_id).update(account_owner=agent_of(shop))

    assert list(Order.objects.visible_to(person).values_list("shop", flat=True)) == [wide.pk]


@pytest.mark.req("R3.56")
def test_a_hand_over_on_the_page_shows_at_once_on_both_sides(platform, sign_in):
    shop = own_shop()
    first, second = agent_of(shop), agent_of(shop)
    case = case_of(platform, shop)
    one, two = sign_in(first), sign_in(second)
    address = reverse("case_detail", args=[shop.pk, case.number])
    one.post(reverse("case_assign", args=[shop.pk, case.number, "claim"]))
    before = one.get(address).status_code, two.get(address).status_code

    answer = one.post(
        reverse("case_assign", args=[shop.pk, case.number, "hand-over"]),
        {"to": second.pk, "reason": "换班"},
        follow=True,
    )

    assert before == (200, 404)
    assert answer.redirect_chain == [(reverse("desk"), 302)]
    page = two.get(address)
    text = page.content.decode()
    assert (one.get(address).status_code, page.status_code) == (404, 200)
    assert (page.context["work"].assignee, page.context["work"].account_owner) == (second, second)
    assert f"to {second}; 换班" in text


@pytest.mark.req("R2.39")
def test_an_agent_escalates_on_the_page_and_the_supervisor_finds_it_on_the_board(platform, sign_in):
    shop = own_shop()
    agent, supervisor = agent_of(shop), agent_of(shop, "supervisor")
    case = case_of(platform, shop)
    client = sign_in(agent)
    where = [shop.pk, case.number]

    client.post(reverse("case_assign", args=[*where, "escalate"]), {"to": "", "reason": "买家要投诉"})
    text = client.get(reverse("case_detail", args=where)).content.decode()
    board = sign_in(supervisor).get(reverse("board"))
    rows = sign_in(supervisor).get(reverse("board_cases"), {"has": "none", "level": "1"})

    assert "escalated, level 1" in text
    assert "Escalated already: it waits for a supervisor." in text
    assert [(row.person, row.total, row.escalated) for row in board.context["load"]] == [(None, 1, 1)]
    assert rows.context["page"].rows == [case]


@pytest.mark.req("R2.38")
def test_the_case_page_says_what_one_may_agree_alone_and_how_much_is_left_today(platform, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case = case_of(platform, shop)
    cases.agree_case(case_of(platform, shop, nets=(6_000,)), by=agent)

    text = sign_in(agent).get(reverse("case_detail", args=[shop.pk, case.number])).content.decode()

    assert "Your limit: ¥200.00 a case; ¥140.00 left today." in text


def test_a_supervisor_changes_the_account_owner_on_the_order_page_an_agent_only_reads_it(platform, sign_in):
    shop = own_shop()
    agent, supervisor = agent_of(shop), agent_of(shop, "supervisor")
    order = make_order(shop, state=OrderState.TO_FULFIL)
    address = reverse("order_detail", args=[shop.pk, order.number])
    account_owner = reverse("customer_account_owner", args=[shop.pk, order.buyer_id])

    before = [account_owner in sign_in(person).get(address).content.decode() for person in (agent, supervisor)]
    answer = sign_in(supervisor).post(
        account_owner, {"to": agent.pk, "reason": "老客户", "order": order.number}, follow=True
    )

    assert before == [False, True]
    assert answer.redirect_chain == [(address, 302)]
    assert f"Kept by {agent}" in answer.content.decode()
    assert Buyer.objects.get().account_owner == agent


def test_the_team_page_says_who_has_how_much_in_a_fixed_number_of_statements(platform, sign_in):
    shop = own_shop()
    agent, supervisor = agent_of(shop), agent_of(shop, "supervisor")
    assigning.claim_case(case_of(platform, shop), by=agent)
    client = sign_in(supervisor)
    client.get(reverse("team"))

    with CaptureQueriesContext(connection) as one:
        client.get(reverse("team"))
    for buyer in ("b-2", "b-3"):
        assigning.claim_case(case_of(platform, shop, buyer_id=buyer), by=agent_of(shop))
    with CaptureQueriesContext(connection) as three:
        page = client.get(reverse("team"))

    [found] = page.context["shops"]
    lines = {
        member.row.user: (member.load.customers, member.load.cases, member.limit_fen) for member in found["members"]
    }
    assert (len(one), lines[agent], lines[supervisor]) == (len(three), (1, 1, 20_000), (0, 0, 100_000))
    assert len(lines) == 4


def test_a_team_s_lead_hands_over_everything_of_a_member_with_a_preview_and_an_outcome(platform, sign_in):
    shop = own_shop()
    away, colleague, supervisor = agent_of(shop), agent_of(shop), agent_of(shop, "supervisor")
    assigning.claim_case(case_of(platform, shop), by=away)
    member = Membership.objects.get(user=away)
    client = sign_in(supervisor)

    preview = client.get(reverse("team_hand_over", args=[member.pk])).content.decode()
    answer = client.post(
        reverse("team_hand_over_all", args=[member.pk]), {"to": colleague.pk, "reason": "休假"}, follow=True
    )

    assert "Hand over 1 customers, 1 cases and 0 orders" in preview
    assert f"{colleague} has it all now: 1 customers, 1 cases, 0 orders." in answer.content.decode()
    assert (Case.objects.get().assignee, Buyer.objects.get().account_owner) == (colleague, colleague)


def test_a_lead_of_another_team_hands_over_nothing(platform, sign_in):
    shop = own_shop()
    agent, lead = agent_of(shop), agent_of(shop, "supervisor")
    Membership.objects.filter(user=lead).update(team=Team.objects.create(shop=shop, name="南组"))
    assigning.claim_case(case_of(platform, shop), by=agent)
    member = Membership.objects.get(user=agent)
    client = sign_in(lead)

    page = client.get(reverse("team_hand_over", args=[member.pk]))
    client.post(reverse("team_hand_over_all", args=[member.pk]), {"to": lead.pk, "reason": "我来"})

    assert (page.status_code, Case.objects.get().assignee) == (404, agent)
