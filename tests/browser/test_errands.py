"""What was asked of a courier appears by itself where it was asked for, on the workbench and on the parcel's own page."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from logistics.parcels.models import Package
from merchant import wakeups
from merchant.errands import services as errands
from merchant.errands.models import Errand

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 60_000
WAITS = "已发出，结果会自动显示在这里。"


@pytest.fixture
def no_worker(monkeypatch):
    """Nobody comes for the errand until the test does."""
    monkeypatch.setattr(wakeups, "wake_now", lambda name, **kwargs: None)


def test_the_answer_of_a_courier_appears_on_the_parcel_s_page(scene, page, enter, live_server, no_worker):
    package = scene.parcel(scene.order())
    Package.objects.filter(pk=package.pk).update(track_checked_at=None)
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}{reverse('parcel_detail', args=[package.shop_id, package.courier, package.waybill])}")

    page.get_by_role("button", name="重查物流").click()
    expect(page.get_by_text(WAITS)).to_be_visible(timeout=SLOW)
    errands.run(Errand.objects.get().pk)

    expect(page.get_by_text("轨迹已重查")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(WAITS)).to_have_count(0)


def test_what_somebody_types_is_not_lost_when_the_answer_comes(scene, page, enter, live_server, no_worker):
    package = scene.parcel(scene.order())
    Package.objects.filter(pk=package.pk).update(track_checked_at=None)
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}{reverse('parcel_detail', args=[package.shop_id, package.courier, package.waybill])}")
    page.get_by_role("button", name="重查物流").click()
    expect(page.get_by_text(WAITS)).to_be_visible(timeout=SLOW)
    # Any box of the page that sends something; this one stands in for them all.
    page.evaluate(
        """document.querySelector('main').insertAdjacentHTML('beforeend',
        '<form method="post"><label>备注<textarea name="text"></textarea></label></form>')"""
    )
    page.get_by_role("textbox", name="备注").fill("半句话")

    errands.run(Errand.objects.get().pk)

    expect(page.get_by_text("结果已到，你填的内容还没提交。")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("textbox", name="备注")).to_have_value("半句话")
    page.get_by_role("link", name="刷新").click()
    expect(page.get_by_text("轨迹已重查")).to_be_visible(timeout=SLOW)


def test_the_answer_appears_on_the_workbench_and_what_failed_has_its_button(scene, page, enter, live_server, no_worker):
    case = scene.case()
    Package.objects.update(track_checked_at=None)
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/desk/case/{case.shop_id}/{case.number}/")

    page.locator("#checks form button").click()
    expect(page.locator("#action").get_by_text(WAITS)).to_be_visible(timeout=SLOW)
    scene.courier.stop()
    try:
        errands.run(Errand.objects.get().pk)
        expect(page.locator("#action .notice.is-bad").get_by_role("button", name="再试一次")).to_be_visible(
            timeout=SLOW
        )
    finally:
        scene.courier.start()
