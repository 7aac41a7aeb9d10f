"""A paid order with a bad address on its way to the warehouse: held by review, put right, given to somebody, confirmed
with its buyer."""

import pytest
from playwright.sync_api import expect

from merchant.policy import services as policy
from merchant.vault.services import Person
from orders.record.enums import OrderState

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("R1.8", "R1.16", "R1.17", "R2.6")
def test_a_bad_address_is_put_right_the_order_finds_its_person_and_its_buyer_agrees(scene, page, enter, live_server):
    policy.change(scene.shop, by=None, reason="自发货，逐单确认", fulfil_here=True, confirm_orders=True)
    order = scene.order(
        state=OrderState.TO_FULFIL,
        recipient=Person(
            name="林小满", phone="13900001234", address="浙江余杭文一西路1号3幢", province="江苏省", city="南京市"
        ),
    )
    order.refresh_from_db()
    assert order.state == OrderState.PENDING_REVIEW

    # The supervisor reads why it waits, and takes the address as it is suggested.
    enter(page, scene.people["supervisor"])
    page.goto(f"{live_server.url}/review/")
    held = page.locator(f"#o{order.pk}")
    expect(held).to_contain_text("平台写的是江苏省，地址在浙江省。")
    expect(held).to_contain_text("浙江省杭州市余杭区")
    held.get_by_role("button", name="采用建议").click()
    expect(page.locator(f"#o{order.pk}")).to_have_count(0)

    # The rules have nothing more to say: it is the agent's now, who sees why, and that nobody answered at first.
    order.refresh_from_db()
    assert (order.state, order.assignee) == (OrderState.PENDING_CONFIRM, scene.people["agent"])
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/")
    expect(page.locator(f'a[href$="/confirmation/#o{order.pk}"]').first).to_be_visible()
    page.goto(f"{live_server.url}/confirmation/")
    mine = page.locator(f"#o{order.pk}")
    expect(mine).to_contain_text("3 人中最空闲")
    mine.get_by_label("沟通内容").fill("占线")
    mine.get_by_role("button", name="未接通").click()
    expect(page.locator(f"#o{order.pk}")).to_contain_text("占线")
    page.locator(f"#s{order.pk}").fill("2030-01-01T10:00")
    page.locator(f"#o{order.pk}").get_by_role("button", name="已确认").click()
    expect(page.locator(f"#o{order.pk}")).to_have_count(0)

    order.refresh_from_db()
    assert order.state == OrderState.TO_FULFIL
    page.goto(f"{live_server.url}/orders/{order.shop_id}/{order.number}/")
    for step in ("审核拦下", "审核通过", "已分配", "已确认", "告知买家"):
        expect(page.locator("body")).to_contain_text(step)
