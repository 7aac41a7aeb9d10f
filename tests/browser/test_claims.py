"""S14 in a real browser: a stopped parcel comes home broken, the courier is asked to pay, and what it does not pay is a
loss under its name."""

import pytest
from playwright.sync_api import expect

from aftersales.decisions import services as cases
from logistics.claims.models import Claim
from logistics.parcels.models import Package
from merchant.catalog.services import set_cost
from merchant.clock import SHANGHAI, now
from merchant.ledger import services as ledger
from orders.record.goods import sku_of
from tests.merchant.factories import photo_upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def photo(number):
    upload = photo_upload(f"{number}.jpg", size=(400, 300), colour=(40 * number, 90, 60))
    return {"name": upload.name, "mimeType": "image/jpeg", "buffer": upload.read()}


def press(page, verb):
    page.locator(f'form[action$="/{verb}/"] button').click()


@pytest.mark.req("R0.11", "R0.12")
def test_broken_goods_are_claimed_from_the_courier_to_the_last_fen(scene, page, enter, live_server):
    case = scene.case(nets=(49_900,))
    for line in case.order.lines.select_related("listing"):
        set_cost(sku_of(line.listing), cost_fen=45_000, by=scene.people["owner"])
    cases.intercept_case(case, by=scene.people["agent"])
    scene.courier_does(case, "stop")
    scene.money_arrives()
    package = Package.objects.get(order=case.order)

    # The warehouse takes it in and finds it broken, with three photos.
    enter(page, scene.people["warehouse"])
    page.goto(f"{live_server.url}/warehouse/")
    page.keyboard.type(package.waybill)
    page.keyboard.press("Enter")
    page.locator('a[href*="/warehouse/inspect/"]').first.click()
    page.locator('input[name="outcome"][value="damaged"]').check(force=True)
    line = case.order.lines.get()
    page.locator(f"#sellable-{line.pk}").fill("0")
    page.locator(f"#defective-{line.pk}").fill("1")
    page.locator("#inspect-photos").set_input_files([photo(n) for n in (1, 2, 3)])
    page.locator("[data-send]").click()
    page.wait_for_url("**/warehouse/?waybill=*")

    # The draft asks for the cap and has 72 hours.
    claim = Claim.objects.get()
    assert (claim.cause, claim.loss_fen, claim.claimed_fen, claim.state) == ("damaged", 45_000, 30_000, "draft")
    enter(page, scene.people["agent"])
    page.goto(f"{live_server.url}/claims/")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody .left")).to_contain_text("2 天 23 小时")
    page.locator("tbody a.rowlink").click()
    expect(page.locator(".photos img")).to_have_count(3)
    page.locator("#file-reference").fill("LP-20261124-7")
    press(page, "file")
    expect(page.locator("#accept-sum")).to_have_value("300.00")
    press(page, "accept")

    # Who may not book sees the sentence, and finance books.
    claim.refresh_from_db()
    assert (claim.state, claim.agreed_fen, claim.courier_reference) == ("accepted", 30_000, "LP-20261124-7")
    expect(page.locator("#no-pay")).to_be_visible()
    enter(page, scene.people["finance"])
    page.reload()
    page.locator("#pay-through").select_option("transfer")
    page.locator("#pay-reference").fill("HZ-3391")
    press(page, "pay")
    expect(page.locator("dl.sum .total .money").first).to_have_text("¥150.00")
    press(page, "close")

    claim.refresh_from_db()
    assert (claim.state, claim.ending, claim.paid_fen) == ("closed", "paid", 30_000)
    found = ledger.balances(scene.shop, order_number=case.order.number)
    assert (found["loss"], found["courier_receipts"]) == (15_000, 30_000)
    assert "claims_receivable" not in found

    # The report shows it under that courier, and each number opens its rows.
    page.goto(f"{live_server.url}/claims/damage/")
    cells = page.locator('[aria-labelledby="months-head"] tbody tr').first.locator("td, th").all_inner_texts()
    month = f"{now().astimezone(SHANGHAI):%Y-%m}"
    assert cells[:5] == [month, "中通快递", "1", "1", "100.0%"]
    assert cells[8:] == ["1", "¥300.00", "¥300.00", "¥150.00"]
    page.locator(f'a[href*="only=damaged"][href*="{month}"]').click()
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows tbody")).to_contain_text(package.waybill)
