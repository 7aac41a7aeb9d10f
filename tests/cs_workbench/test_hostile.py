"""What nobody types by accident: numbers that are none, NULs, depth, hosts, scripts. Never a fault, never obeyed."""

import html
import json
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.decisions import services as cases
from merchant.inbox import services as inbox
from merchant.money import fen
from merchant.ui.query_params import key_of_page, page_key, parse_int
from merchant.vault import raw_masking
from merchant.vault.services import Person
from orders.intake.report import safe_cell
from orders.record.models import Order
from orders.remarks.models import Note
from tests.aftersales.factories import agent_of, case_of, own_shop, refund_of
from tests.logistics.factories import make_package
from tests.merchant.factories import make_courier_account, make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db
# ² is a digit to Python and no number; the others pass bigint, the year 9999 and the digits Python turns into text.
NUMBERS = ("²", "9" * 30, "9" * 5000, "-1", "1e9", "٣", " ", "0x10")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_is_none_is_none(number):
    assert (parse_int(number), page_key(f"{number}-{number}")) == (None, None)


def test_a_number_is_one():
    assert (parse_int("0"), parse_int("12"), parse_int("9" * 18)) == (0, 12, 10**18 - 1)
    assert page_key(f"{'9' * 18}-1") is None


def test_a_page_s_key_keeps_the_last_microsecond():
    # From 2038 on a float of seconds no longer holds every microsecond; this one comes back one less.
    at = datetime(2038, 11, 28, 6, 30, 37, 14, tzinfo=UTC)

    assert page_key(key_of_page(at, 7)) == (at, 7)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_list_breaks_on_a_number_that_is_none(sign_in, number):
    shop = make_shop()
    client = sign_in(make_user("supervisor", shop))

    seen = {
        f"{name} {key}": client.get(reverse(name), {key: number}).status_code
        for name, key in [
            ("desk", "queue"),
            ("orders", "after"),
            ("orders", "buyer"),
            ("orders", "q"),
            ("interceptions", "after"),
            ("interceptions", "days"),
            ("messages", "before"),
            ("refunds", "after"),
            ("quota", "after"),
            ("quota", "shop"),
            ("rules", "shop"),
        ]
    }
    keyed = {
        name: client.get(reverse(name), {"after": f"{number}-{number}", "tab": "paid"}).status_code
        for name in ("orders", "interceptions", "refunds")
    }
    pulse = client.get(reverse("desk_pulse"), {"shown": f"{number},{number}", "case": f"{number}/1"}).status_code

    assert (set(seen.values()), set(keyed.values()), pulse) == ({200}, {200}, 200)


@pytest.mark.parametrize("number", [*NUMBERS, "7"])
def test_a_flag_and_a_version_that_are_none_change_nothing(platform, sign_in, number):
    case = case_of(platform, own_shop())
    client = sign_in(agent_of(case.shop))

    note = client.post(reverse("order_note", args=[case.shop_id, case.order.number]), {"flag": number})
    agreed = client.post(reverse("desk_verb", args=[case.shop_id, case.number, "agree"]), {"version": f"{number}9"})

    case.refresh_from_db()
    assert (note.status_code, agreed.status_code) == (302, 302)
    assert (Note.objects.count(), Order.objects.get(pk=case.order_id).flag, case.state) == (0, None, "applied")


@pytest.mark.parametrize("amount", ["1e999999", "1e99", "9" * 40, "Infinity", "NaN", "sNaN", "-1", "0", "0.001", ""])
def test_no_amount_from_a_form_offers_what_is_no_amount(platform, sign_in, amount):
    case = case_of(platform, own_shop())
    client = sign_in(agent_of(case.shop))

    answer = client.post(
        reverse("desk_verb", args=[case.shop_id, case.number, "propose"]), {"version": case.version, "amount": amount}
    )

    case.refresh_from_db()
    assert (answer.status_code, case.state, case.offer) == (302, "applied", {})


def test_the_largest_amount_is_a_thousand_milliard_yuan():
    assert fen("1000000000000") == 10**14
    with pytest.raises(ValueError, match="more than any amount"):
        fen("1000000000000.01")


@pytest.mark.parametrize("path", ["/push/courier/a%00/", "/push/platform/a%00/", "/orders/1/a%00/", "/orders/?q=%00"])
def test_an_address_with_a_nul_is_not_there(path, sign_in):
    client = sign_in(make_user("agent", make_shop()))

    assert (client.get(path).status_code, client.post(path, {}).status_code) == (404, 404)


@pytest.mark.parametrize("body", [b"[" * 4096, b'{"a":' * 800, b"9" * 4096, b"<a>" * 1300, b"\xff\x00", b""])
def test_a_message_made_to_break_its_page_is_shown(sign_in, body):
    shop = make_shop()
    message = inbox.receive("courier:zto", shop=shop, account_id=None, headers={}, body=body, verdict="forged")

    page = sign_in(make_user("supervisor", shop)).get(reverse("message_detail", args=[message.pk]))

    assert page.status_code == 200


@pytest.mark.parametrize("is_escaped", [False, True], ids=["as it is", "written in codes"])
def test_whom_the_named_order_or_parcel_goes_to_is_hidden_wherever_a_message_says_it(sign_in, is_escaped):
    """No label beside the name, no number behind the road: only the order tells that they are somebody's."""
    shop = make_shop()
    somebody = Person(name="阿依古丽", phone="13900001234", address="浙江省杭州市西湖区翠柏新村南门老槐树下")
    waybill = make_package("zto", order=make_order(shop, recipient=somebody)).waybill
    said = {"remark": f"{waybill} 送翠柏新村南门老槐树下，阿依古丽不在", "other": "凤凰古城的货另送"}
    body = json.dumps(said, ensure_ascii=is_escaped).encode()
    message = inbox.receive("courier:zto", shop=shop, account_id=None, headers={}, body=body, verdict="forged")

    page = sign_in(make_user("supervisor", shop)).get(reverse("message_detail", args=[message.pk]))

    text = html.unescape(page.content.decode())
    assert f"{waybill} 送******，阿**不在" in text
    assert [word for word in ("阿依古丽", "翠柏新村", "老槐树") if word in text] == []
    assert "凤凰古城的货另送" in text


def test_a_document_nested_in_texts_without_end_is_masked_as_text():
    assert "13900001234" not in raw_masking.shown(("[" * 3000 + '"13900001234"' + "]" * 3000).encode())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_a_report_is_a_formula(start):
    assert safe_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


def test_push_addresses_name_our_site_whatever_host_was_asked(sign_in, settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://huicang.example", ["*"]
    shop = make_shop()
    account = make_courier_account(shop)

    page = sign_in(make_user("owner", shop)).get(reverse("accounts", args=[shop.pk]), headers={"host": "evil.example"})

    text = page.content.decode()
    assert f"https://huicang.example/push/courier/{account.push_token}/" in text
    assert "evil.example" not in text


def test_the_desk_of_refunds_goes_back_to_a_tab_of_its_own_only(platform, sign_in):
    shop = own_shop()
    refund = refund_of(cases.agree_case(case_of(platform, shop), by=agent_of(shop)))
    client = sign_in(make_user("finance", shop))
    there = reverse("refund_verb", args=[shop.pk, refund.number, "ask"])

    seen = [
        client.post(there, {"back": "list", "tab": tab})["Location"] for tab in ("paid", "x&q=1\r\nSet-Cookie: a=b")
    ]

    assert seen == ["/refunds/?tab=paid", "/refunds/?tab="]


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_elsewhere(target):
    shop = make_shop()
    user = make_user("agent", shop, password="blue-lantern-42")
    client = Client()

    words = client.post(reverse("set_language"), {"language": "en", "next": target})
    entered = client.post(
        f"{reverse('login')}?next={target}", {"username": user.username, "password": "blue-lantern-42", "next": target}
    )

    assert (words["Location"], entered["Location"]) == ("/", "/")


SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_a_buyer_s_words_are_shown_as_words_on_every_page(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop, reason=SCRIPT, buyer_nickname=SCRIPT[:60])
    agent = agent_of(shop)
    client = sign_in(agent)
    client.post(reverse("order_note", args=[shop.pk, case.order.number]), {"text": SCRIPT})
    case.order.lines.get().listing.__class__.objects.update(title=SCRIPT)
    cases.agree_case(case, by=agent, reason=SCRIPT)
    refund = refund_of(case)

    for path in [
        reverse("desk"),
        reverse("desk_case", args=[shop.pk, case.number]),
        reverse("case_detail", args=[shop.pk, case.number]),
        reverse("orders"),
        reverse("orders") + "?q=<script>alert(1)</script>",
        reverse("order_detail", args=[shop.pk, case.order.number]),
        reverse("refunds"),
        reverse("refund_detail", args=[shop.pk, refund.number]),
    ]:
        answer = client.get(path, follow=True)
        text = answer.content.decode()
        assert (path, answer.status_code, "<script>alert" in text, "<img src=x" in text) == (path, 200, False, False)
        policy = answer["Content-Security-Policy"]
        assert ("unsafe" in policy, "default-src 'none'" in policy) == (False, True)


def test_a_form_with_a_nul_is_a_bad_request_and_changes_nothing(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)
    client = sign_in(agent_of(shop))

    answer = client.post(reverse("order_note", args=[shop.pk, case.order.number]), {"text": "a\0b"})

    assert answer.status_code == 400
    assert Note.objects.count() == 0
