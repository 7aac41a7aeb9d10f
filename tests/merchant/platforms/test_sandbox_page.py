"""The sandbox's own door to people: where it may start, what its control API takes, and the page."""

import os
import re
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError

import pytest

from merchant.platforms.sandbox.page import LANGUAGES, render, words
from merchant.platforms.sandbox.page.words import WORDS
from tests.sandboxes import PROJECT

HTTP = {"GET": None, "POST": b""}


def fetch(url, body=None, content_type="application/x-www-form-urlencoded"):
    """(status, headers, text), also for refusals."""
    request = urllib.request.Request(url, body, {"content-type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except HTTPError as error:
        return error.code, error.headers, error.read().decode()


def test_it_does_not_start_in_a_shop():
    environment = {
        **os.environ,
        "HUICANG_TESTING": "0",
        "HUICANG_DEMO": "0",
        "DJANGO_SETTINGS_MODULE": "merchant.settings",
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "platform_sandbox", "--port", "1"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert re.search("only starts in the demo|只在演示环境里启动", done.stderr)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_in_both_languages_and_carries_nothing_inline(platform, language):
    status, headers, text = fetch(f"{platform.url}/?lang={language}")

    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f'<html lang="{language}">' in text
    assert re.findall(r"{{.*?}}|<style|<script(?![^>]*src=)|\sstyle=|\son[a-z]+=", text) == []
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_every_file_the_page_names_is_served_from_here(platform):
    text = fetch(platform.url)[2]
    names = re.findall(r'(?:href|src)="(/[^"]+)"', text)

    answers = {name: fetch(platform.url + name)[0] for name in [*names, "/favicon.ico", "/words/en.json"]}

    assert len(names) == 6
    assert {status for name, status in answers.items() if name != "/favicon.ico"} == {200}
    assert answers["/favicon.ico"] == 204


def test_every_sentence_has_both_languages_and_every_name_in_the_page_a_sentence():
    script = (PROJECT / "merchant/platforms/sandbox/page/control.js").read_text(encoding="utf-8")
    named = set(re.findall(r"words\.(\w+)", script)) | set(re.findall(r'\["?words\.?(\w+)', script))
    faults = re.search(r"const FAULTS = \[(.*?)\]", script)
    verbs = re.search(r"const VERBS = \[(.*?)\]", script)
    named |= {f"fault_{name}" for name in re.findall(r'"(\w+)"', faults[1])}
    named |= set(re.findall(r'"(\w+)"', verbs[1]))

    assert [name for name, (chinese, english) in WORDS.items() if not chinese or not english] == []
    assert [
        name for name, (chinese, english) in WORDS.items() if re.search("[一-鿿]", english) and name != "other_language"
    ] == []
    assert sorted(named - set(WORDS)) == []
    assert words("en")["title"] == "Platform sandbox"
    assert "{{" not in render("zh")


def test_an_unknown_language_reads_chinese(platform):
    assert '<html lang="zh">' in fetch(f"{platform.url}/?lang=fr")[2]
    assert fetch(f"{platform.url}/words/fr.json")[0] == 404


@pytest.mark.parametrize(
    "path", ["/control/refunds", "/control/faults", "/control/bulk", "/control/refunds/1/withdraw"]
)
def test_a_form_of_another_sites_page_cannot_drive_it(platform, path):
    status, _, text = fetch(platform.url + path, b"total_fee=1")

    assert (status, text) == (400, '{"error":"send JSON with Content-Type: application/json"}')


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/control/refunds", b'{"oid": 1}', 409),
        ("/control/refunds", b'{"order": {"total_fee": 0}}', 400),
        ("/control/refunds", b'{"order": {"total_fee": 100}, "refund_fee": 101}', 400),
        ("/control/refunds", b'{"order": {"total_fee": 100}, "plan": [{"verb": "explode"}]}', 400),
        ("/control/refunds", b"[]", 400),
        ("/control/refunds", b"{", 400),
        ("/control/refunds/1/withdraw", b"{}", 409),
        ("/control/refunds/1/explode", b"{}", 400),
        ("/control/faults", b'{"rate_5xx": 2}', 400),
        ("/control/faults", b'{"unheard_of": 1}', 400),
        ("/control/faults", b'{"lost": true}', 400),
        ("/control/push_targets", b'{"push_url": "file:///etc/passwd"}', 400),
        ("/control/push_targets", b'{"push_url": "http://127.0.0.1/", "app_key": "nobody"}', 400),
        ("/control/trades", b'{"out_trade_no": "T", "total_fen": -1}', 400),
        ("/control/pushes/none/again", b"{}", 404),
        ("/control/orders", b'{"total_fee": 100, "courier": "pigeon", "waybill": "1"}', 400),
    ],
)
def test_what_it_will_not_do_it_says_in_a_sentence(platform, path, body, status):
    found, _, text = fetch(platform.url + path, body, "application/json")

    assert (found, '"error":"' in text) == (status, True)


def test_the_same_list_sent_twice_makes_everything_once(platform):
    rows = {
        "orders": [{"oid": 2611230000000100 + number, "total_fee": 8800} for number in range(3)],
        "refunds": [{"refund_id": 2611230000000200 + number, "oid": 2611230000000100 + number} for number in range(3)],
        "trades": [{"out_trade_no": f"BULK-{number}", "total_fen": 100} for number in range(3)],
    }

    first = platform.control("/bulk", rows)
    second = platform.control("/bulk", rows)

    assert (first["made"], first["skipped"]) == ({"orders": 3, "refunds": 3, "trades": 3}, [])
    assert (second["made"], len(second["skipped"])) == ({}, 9)


def test_refunds_of_one_order_never_ask_for_more_than_was_paid(platform):
    oid = platform.control("/orders", {"total_fee": 1000})["oid"]
    first = platform.control("/refunds", {"oid": oid, "refund_fee": 600, "push": False})

    status, _, _ = fetch(
        f"{platform.url}/control/refunds", f'{{"oid": {oid}, "refund_fee": 401}}'.encode(), "application/json"
    )
    platform.control(f"/refunds/{first['refundId']}/withdraw", {})
    after = platform.control("/refunds", {"oid": oid, "refund_fee": 1000, "push": False})

    assert (status, after["refundFee"]) == (400, 1000)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_plays_the_buyer_on_the_page(platform, page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    page.goto(platform.url)
    page.fill("#f-waybill", "73109990000001")
    page.fill("#f-total", "88.00")
    page.click("text=买家申请售后")
    row = page.locator("#cases tr", has_text="73109990000001").first
    row.wait_for()
    before = row.inner_text()

    page.once("dialog", lambda dialog: dialog.accept("50"))
    row.get_by_role("button", name="买家改金额").click()
    row.get_by_text("¥50.00").wait_for()
    row.get_by_role("button", name="平台退款").click()
    row.get_by_text("退款成功").wait_for()

    assert "¥88.00" in before
    assert page.locator("#proof").inner_text() == "没有一笔退款付过两次"
    assert row.get_by_role("button").count() == 0
    assert [fault["id"] for fault in Axe().run(page).response["violations"]] == []


@pytest.mark.browser
def test_the_page_fits_a_phone_and_speaks_english(platform, page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{platform.url}/?lang=en")
    page.get_by_role("button", name="All calm").wait_for()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    assert page.locator("h1").inner_text() == "Platform sandbox"
