"""An agent who sees only their own customers, on every list of the pages with all its tabs, and of the API: no trace of a
colleague's (P-AGENT-SCOPE). Every list there is is walked; one that is added is walked with the others."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.urls import get_resolver, reverse

from aftersales.cases.models import Case
from aftersales.refunds.models import Refund
from aftersales.returns.models import Inspection, ReturnParcel
from logistics.claims.models import Claim
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant import live_updates
from merchant.clock import now
from merchant.policy import services as policy
from merchant.vault import services as vault
from merchant.vault.models import PiiReveal, PiiSearch, SearchKind
from orders.buyers.models import Buyer
from orders.record.models import Order
from tests.cs_workbench import test_doors
from tests.cs_workbench.test_doors import LISTS, PAGES
from tests.merchant.api_client import program
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
world = test_doors.world
HREF = re.compile(r'(?:href|hx-get)="([^"#]*)')
# About a shop, its rules, its goods or oneself: no customer stands behind them.
NO_CUSTOMER = {
    "product_detail", "team_hand_over", "reply_add", "reply_edit", "sku_detail", "message_detail", "agreement", "accounts",
    "courier_account_add", "courier_account_edit", "platform_account_add", "platform_account_edit", "policy", "api_tokens",
    "shop_edit", "staff", "staff_add", "staff_member", "roles", "role_add", "role_edit", "courier_connection",
    "platform_connection", "assignment_rules", "goods_export", "goods_file", "goods_file_new", "purchase_detail", "sku_add",
    "stock_paper_new", "stocktake_detail", "transfer_detail", "warehouse_add", "warehouse_edit", "sku_edit",
}  # fmt: skip


@pytest.fixture
def theirs(world):
    """Every customer of the shop is a colleague's, one order is late to ship; `agent` keeps nobody. Gives what may not
    be seen anywhere."""
    shop = world.shop
    world.colleague, world.agent = make_user("agent", shop), make_user("agent", shop)
    Order.objects.filter(shop=shop).update(buyer=Buyer.objects.filter(shop=shop).first(), assignee=world.colleague)
    Case.objects.filter(shop=shop).update(assignee=world.colleague)
    Buyer.objects.filter(shop=shop).update(account_owner=world.colleague, nickname="同事的客人")
    late, soon = Order.objects.filter(shop=shop).order_by("pk")[:2]
    Order.objects.filter(pk=late.pk).update(state="to_fulfil", ship_by_at=now() - timedelta(hours=2))
    Order.objects.filter(pk=soon.pk).update(
        state="to_fulfil", ship_by_at=now() + policy.timer(policy.current(shop), "T-SHIP-WARN") / 2
    )
    recipient = vault.store(shop, "林小满", "13900001234", "浙江省杭州市余杭区仓前街道1号")
    seen = {"shop": shop, "user": world.colleague}
    PiiReveal.objects.create(
        **seen, recipient=recipient, order_number=late.number, field="phone", cost=1, verdict="shown"
    )
    PiiSearch.objects.create(
        **seen, day=now().date(), kind=SearchKind.PHONE, bidx=b"1", mask="*******7788", found=1, is_refused=False
    )
    numbered = (Order, Case, Refund, Interception, Claim, Inspection)
    traces = {
        number for model in numbered for number in model.objects.filter(shop=shop).values_list("number", flat=True)
    }
    for model in (Package, ReturnParcel.objects.filter(order__isnull=False)):
        rows = getattr(model, "objects", model)
        traces |= set(rows.filter(shop=shop).values_list("waybill", flat=True))
    return traces | {"同事的客人", "*******7788"}


def walk(client, start: str) -> dict[str, str]:
    """The page and every view of it that its own links lead to (tabs, filters, kinds), each read once."""
    path, waiting, read = urlsplit(start).path, [start], {}
    while waiting:
        address = waiting.pop()
        if address in read:
            continue
        answer = client.get(address)
        assert answer.status_code in (200, 204, 404), (address, answer.status_code)
        # A workbook to fill in holds nobody.
        read[address] = answer.content.decode(errors="replace")
        for href in map(unescape, HREF.findall(read[address])):
            where = path + href if href.startswith("?") else href
            if urlsplit(where).path == path and urlsplit(where).query:
                waiting.append(where)
    return read


@pytest.mark.req("R3.56")
def test_no_list_and_none_of_its_tabs_shows_a_trace_of_a_colleagues_customer(world, theirs, sign_in):
    client = sign_in(world.agent)

    read = {name: walk(client, reverse(name, args=world.arguments.get(name))) for name in LISTS}

    found = [
        (address, trace)
        for pages in read.values()
        for address, text in pages.items()
        for trace in theirs
        if trace in text
    ]
    assert found == []
    assert {"overdue", "soon"} <= {
        tab for address in read["orders"] for tab in re.findall(r"tab=(\w+)", address)
    }  # the walk reached them
    owner = sign_in(world.people["owner"])
    seen = "".join(
        text for name in LISTS for text in walk(owner, reverse(name, args=world.arguments.get(name))).values()
    )
    orders = set(Order.objects.filter(shop=world.shop).values_list("number", flat=True))
    assert {
        trace for trace in orders | {"同事的客人", "*******7788"} if trace not in seen
    } == set()  # it was to be hidden


@pytest.mark.req("R3.56")
def test_every_page_of_a_colleagues_customer_is_not_there(world, theirs, sign_in):
    client = sign_in(world.agent)

    told = {
        name: client.get(reverse(name, args=world.arguments[name])).status_code for name in set(PAGES) - NO_CUSTOMER
    }
    product = client.get(reverse("product_detail", args=world.arguments["product_detail"]))
    goods = client.get(reverse("sku_detail", args=world.arguments["sku_detail"]))

    assert {name: status for name, status in told.items() if status != 404} == {}
    assert (product.status_code, product.context["lines"], product.context["figures"]["orders"]) == (200, [], 0)
    assert [trace for trace in theirs if trace in product.content.decode() + goods.content.decode()] == []


@pytest.mark.req("R3.56")
def test_no_list_of_the_api_shows_a_trace_of_a_colleagues_customer(world, theirs):
    names = [
        name for name in get_resolver().reverse_dict if isinstance(name, str) and re.fullmatch("api_.*_list", name)
    ]
    agent, owner = (program(user, world.shop) for user in (world.agent, world.people["owner"]))
    asked = ("", f"?account_owner={world.colleague.pk}", f"?assignee={world.colleague.pk}")

    shown = {
        (name, query): answer.content.decode()
        for name in names
        for query in asked
        if (answer := agent.get(reverse(name) + query)).status_code == 200
    }

    assert len(names) >= 12
    assert [(place, trace) for place, text in shown.items() for trace in theirs if trace in text] == []
    assert len(owner.get(reverse("api_order_list")).json()["results"]) > 0


# --- names ------------------------------------------------------------------------------------------------------------
def pulse(client, order_id):
    return client.get(reverse("desk_pulse"), {"look": order_id, "seen": "x"}).content.decode()


def test_who_looks_at_an_order_is_told_only_to_who_may_see_it_and_names_only_people_of_its_shop(world, theirs, sign_in):
    order = Order.objects.filter(shop=world.shop).first()
    stranger = make_user("owner", make_shop(), name="外店的人")
    for person in (world.colleague, stranger):
        person.display_name = f"正在看的{person.pk}"
        person.save()
        live_updates.look([world.shop.pk], look_at=str(order.pk), by=person.pk)

    inside = pulse(sign_in(world.people["owner"]), order.pk)
    narrow = pulse(sign_in(world.agent), order.pk)
    outside = pulse(sign_in(stranger), order.pk)

    assert (world.colleague.display_name in inside, stranger.display_name in inside) == (True, False)
    assert "正在看的" not in narrow
    assert world.colleague.display_name not in outside
    for person in (world.colleague, stranger, world.agent, world.people["owner"]):
        live_updates.leave(str(order.pk), by=person.pk)


def test_the_board_names_nobody_of_another_shop(world, sign_in):
    stranger = make_user("agent", make_shop())
    stranger.display_name = "外店客服"
    stranger.save()

    client = sign_in(world.people["owner"])
    asked = [{"has": stranger.pk}, {"by": stranger.pk, "decided": 1}, {"has": world.people["agent"].pk}]
    texts = [client.get(reverse("board_cases"), query).content.decode() for query in asked]

    assert [stranger.display_name in text for text in texts] == [False, False, False]
    assert str(world.people["agent"]) in texts[2]
