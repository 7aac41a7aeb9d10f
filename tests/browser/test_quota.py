"""S12 in a real browser: the quota runs out in front of the agent, is asked for in place, passed on and approved."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from merchant.clock import now
from merchant.policy import services as policy
from merchant.vault.models import PiiReveal
from merchant.vault.quota import quota_of
from orders.record.models import Order
from tests.browser.conftest import SHOTS
from tests.browser.test_pages import NARROW, WIDE, look
from tests.merchant.factories import make_user
from tests.orders.factories import order_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000


def page_of(live_server, order):
    return live_server.url + reverse("order_detail", args=[order.shop_id, order.number])


def place(page, order, field="phone"):
    return page.locator(f"#pii-{order.pk}-{field}")


def pictures(page, name, found):
    for size in (WIDE, NARROW):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        look(page, name, size, found)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


@pytest.mark.req("R0.35", "R0.36", "R0.37")
def test_s12_the_quota_runs_out_and_more_is_asked_for_in_place(scene, page, enter, live_server):
    SHOTS.mkdir(exist_ok=True)
    found: list[str] = []
    policy.change(scene.shop, by=None, reason="S12", pii_quota_per_day=2)
    person = order_row().recipient
    behind = type(person)(**{**vars(person), "virtual_phone": "17000001111-4321"})
    first, second, third, closed = (scene.order(recipient=who) for who in (behind, person, person, person))
    Order.objects.filter(pk=closed.pk).update(completed_at=now() - timedelta(days=15))
    free = scene.case().order
    agent, admin = scene.people["agent"], make_user(is_platform_admin=True, name="管理员")
    enter(page, agent)

    page.goto(page_of(live_server, first))
    place(page, first).get_by_role("button", name="查看收货人虚拟号").click()
    expect(place(page, first)).to_contain_text("17000001111-4321", timeout=SLOW)
    expect(place(page, first)).to_contain_text("用掉 1 次，今天还剩 1 次")
    expect(place(page, first)).to_be_focused()
    pictures(page, "reveal-virtual", found)
    place(page, first).get_by_role("button", name="明文").click()
    expect(place(page, first)).to_contain_text("13900001234", timeout=SLOW)
    expect(place(page, first)).to_contain_text("该订单今天已计过，不再计")
    page.emulate_media(media="print")
    expect(place(page, first).locator(".pii-plain")).to_be_hidden()
    expect(place(page, first).get_by_text("*******1234")).to_be_visible()
    page.emulate_media(media="screen")
    place(page, first).get_by_role("button", name="收起").click()
    expect(place(page, first)).not_to_contain_text("13900001234")
    expect(place(page, first).get_by_role("button", name="查看收货人虚拟号")).to_be_focused()

    page.goto(page_of(live_server, second))
    place(page, second).get_by_role("button").click()
    expect(place(page, second)).to_contain_text("今天还剩 0 次", timeout=SLOW)
    page.goto(page_of(live_server, third))
    place(page, third).get_by_role("button").click()
    expect(place(page, third).get_by_role("alert")).to_have_text("今天的额度已用完，可以申请追加。", timeout=SLOW)
    pictures(page, "reveal-empty", found)
    place(page, third).get_by_label("今天追加次数").fill("50")
    place(page, third).get_by_label("用途").fill("大促回访，要打电话")
    place(page, third).get_by_role("button", name="申请追加").click()
    expect(place(page, third).get_by_role("status")).to_contain_text("已向店主申请追加 50 次。", timeout=SLOW)

    enter(page, scene.people["owner"])
    page.goto(live_server.url + reverse("quota"))
    pictures(page, "quota-owner", found)
    page.get_by_role("button", name="向平台申请 +50").click()
    expect(page.get_by_role("status").first).to_contain_text("已向平台申请")
    enter(page, admin)
    page.goto(live_server.url + reverse("quota"))
    pictures(page, "quota-admin", found)
    page.get_by_role("button", name="同意 +50").click()
    expect(page.locator(".quota-words")).to_contain_text("还剩 50 次")

    enter(page, agent)
    page.goto(page_of(live_server, third))
    place(page, third).get_by_role("button").click()
    expect(place(page, third)).to_contain_text("13900001234", timeout=SLOW)
    expect(place(page, third)).to_contain_text("用掉 1 次，今天还剩 49 次")
    place(page, third, "address").get_by_role("button").click()
    expect(place(page, third, "address")).to_contain_text("该订单今天已计过", timeout=SLOW)
    page.goto(page_of(live_server, free))
    place(page, free).get_by_role("button").click()
    expect(place(page, free)).to_contain_text("售后中，不计额度", timeout=SLOW)
    page.goto(page_of(live_server, closed))
    expect(place(page, closed)).to_contain_text("*******1234")
    expect(place(page, closed).get_by_role("button")).to_have_count(0)

    page.goto(live_server.url + reverse("quota"))
    pictures(page, "quota-agent", found)
    page.goto(live_server.url + reverse("quota") + "?tab=requests")
    pictures(page, "quota-requests", found)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    page.goto(live_server.url + reverse("quota") + "?tab=people")
    pictures(page, "quota-people-en", found)
    assert found == []
    assert (quota_of(scene.shop).used, quota_of(scene.shop).allowed) == (3, 52)
    assert list(PiiReveal.objects.order_by("pk").values_list("field", "cost", "verdict")) == [
        ("virtual_phone", 1, "shown"),
        ("phone", 0, "shown"),
        ("phone", 1, "shown"),
        ("phone", 0, "quota_empty"),
        ("phone", 1, "shown"),
        ("address", 0, "shown"),
        ("phone", 0, "shown"),
    ]


def test_an_opened_number_goes_back_behind_its_mask_after_a_minute(scene, page, enter, live_server):
    order = scene.order()
    page.clock.install()
    enter(page, scene.people["agent"])
    page.goto(page_of(live_server, order))
    place(page, order).get_by_role("button").click()
    page.clock.run_for(1000)
    expect(place(page, order)).to_contain_text("13900001234", timeout=SLOW)

    page.clock.run_for(58_000)
    still = place(page, order).locator(".pii-plain").count()
    page.clock.run_for(3_000)

    assert still == 1
    expect(place(page, order).locator(".pii-plain")).to_have_count(0)
    expect(place(page, order).get_by_role("button", name="查看收货人电话")).to_be_visible()
