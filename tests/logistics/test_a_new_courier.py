"""A courier is one file: this one adds a courier nobody has heard of and walks it through everything a courier is."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from logistics.couriers import registry, scans
from logistics.couriers.base import (
    Call,
    Capabilities,
    Carrier,
    Courier,
    Event,
    Host,
    InterceptAnswer,
    Kind,
    Push,
    Secret,
)
from logistics.couriers.names import courier_name
from logistics.interception import services as interceptions
from logistics.parcels.models import Package
from logistics.shipping.intake import register_imported
from logistics.tracking.services import record_events
from merchant.carriers import registry as carriers
from merchant.clock import now
from merchant.policy import rules as book
from merchant.policy import services as policy
from merchant.policy import switches
from merchant.refusals import Refused
from merchant.shops.models import CourierAccount
from orders.intake.normal import NormalPackage
from tests.logistics.factories import make_package, scan
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order, order_row

pytestmark = pytest.mark.django_db
RULE = """
## Evidence · 证据

### EV-HERON-RETURN-SCAN · Return scan at Heron · 苍鹭出现退回扫描

- en: The same for Heron.
- zh: 苍鹭同理。
- source: a test · 测试
- default: off
- setting: evidence.heron_return_scan
- applies: now
"""


class Heron(Courier):
    """Pushes and answers {"no": …, "scans": [{"at": ms, "what": word}]}, signed with the account's key."""

    carrier = Carrier("heron", en="Heron Express", zh="苍鹭快递", aliases=("苍鹭",), waybills=(r"HR\d{10}",))
    hosts = {"": Host("HUICANG_HERON_HOST", "https://open.heron.example")}
    secrets = (
        Secret("user", "User", is_hidden=False),
        Secret("key", "Key", pattern=r"\w{8}"),
        Secret("region", "Region", is_required=False, is_hidden=False, choices=(("", "east"), ("west", "west"))),
    )
    capabilities = Capabilities(kinds=frozenset({Kind.RETURN_TO_SENDER}), evidence="return_scan", can_subscribe=True)

    def build_create(self, account, waybill, *, request_id, biz_no, kind, reason, new_address=None):
        return self._call("stop", {"no": waybill, "user": account.secrets["user"]}, is_write=True)

    def parse_create(self, answer):
        return InterceptAnswer(json.loads(answer.text)["ref"], answer.text)

    def build_track(self, account, waybill, phone_last4=""):
        return self._call("track", {"no": waybill})

    def parse_track(self, answer, waybill):
        return self._events(json.loads(answer.text))

    def verify_push(self, account, headers, raw, content_type):
        return hmac.compare_digest(headers.get("x-sign", ""), sign(account.secrets["key"], raw))

    def parse_push(self, account, headers, raw):
        told = json.loads(raw)
        return Push(told["no"], self._events(told), "got it")

    def ack(self, ok):
        return ("got it" if ok else "again"), "text/plain", 200

    def _call(self, path, content, *, is_write=False):
        return Call(f"{self.host()}/{path}", json.dumps(content).encode(), {}, is_write)

    def _events(self, told):
        return scans.read_rows(
            told["scans"], lambda row: Event(scans.moment(row["at"]), row["what"], row["what"], scan=row["what"])
        )


def sign(key, raw):
    return hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()


def ms(moment):
    return int(moment.timestamp() * 1000)


@pytest.fixture
def heron():
    registry.register(Heron())
    yield registry.get("heron")
    registry.unregister("heron")


@pytest.fixture
def owner(client):
    shop = make_shop()
    client.cookies["django_language"] = "en"
    client.force_login(make_user("owner", shop), backend="django.contrib.auth.backends.ModelBackend")
    return shop, client


@pytest.fixture
def account(heron, owner):
    """The account as an owner sets it up on its page."""
    shop, client = owner
    told = {
        "name": "苍鹭", "customer_code": "H-1", "has_ewaybill": "on", "rate_per_second": "5", "is_active": "on",
        "intercept_fee": "2.00", "back_freight": "3.00", "secret-user": "u", "secret-key": "k3yk3yk3",
    }  # fmt: skip
    answer = client.post(reverse("courier_account_add", args=[shop.pk]) + "?courier=heron", told)
    assert answer.status_code == 302
    return CourierAccount.objects.get(shop=shop, courier="heron")


@pytest.fixture
def in_the_book(monkeypatch):
    """Its line in docs/rules.md, which a process reads once."""
    more = {rule.code: rule for rule in book.parse(RULE)}
    known = {rule.code: rule for rule in book.all_rules()}
    read_once = (switches._rules_of, switches._defaults_of)
    monkeypatch.setattr(book, "_book", lambda: {**known, **more})
    for read in read_once:
        read.cache_clear()
    yield
    for read in read_once:
        read.cache_clear()


def test_its_account_is_drawn_checked_and_kept(account, owner):
    shop, client = owner
    add = reverse("courier_account_add", args=[shop.pk])

    choices = client.get(add).content.decode()
    page = client.get(f"{add}?courier=heron").content.decode()
    wrong = client.post(f"{add}?courier=heron", {"secret-user": "u", "secret-key": "short"}).content.decode()
    edit = client.get(reverse("courier_account_edit", args=[shop.pk, account.pk])).content.decode()

    assert account.secrets == {"user": "u", "key": "k3yk3yk3"}
    assert '<option value="heron">Heron Express</option>' in choices
    assert [name in page for name in ('name="secret-user"', 'name="secret-key"', 'name="secret-region"')] == [True] * 3
    assert "This is not in the form the other side gives out." in wrong
    assert ("k3yk3yk3" in edit, "Set. Leave empty to keep it." in edit) == (False, True)


def test_a_file_and_a_number_name_it(account, owner):
    shop, _client = owner
    order = make_order(shop)
    row = order_row(number=order.number, state="shipped")
    row.packages = [
        NormalPackage(carriers.code_of("苍鹭", ""), "HR0000000001"),
        NormalPackage(carriers.code_of("", "HR0000000002"), "HR0000000002"),
    ]

    register_imported(shop, {order.number: order.pk}, [row])

    parcels = Package.objects.filter(shop=shop).order_by("waybill")
    assert [(one.courier, one.account_id) for one in parcels] == [("heron", account.pk)] * 2
    with translation.override("zh-hans"):
        assert courier_name("heron") == "苍鹭快递"


def test_its_parcels_are_followed_by_push_and_by_question(account, wire, settings, django_capture_on_commit_callbacks):
    settings.COURIER_SANDBOX_URL = ""
    package = make_package("heron", shop=account.shop, state="picked_up")
    at = now() - timedelta(minutes=5)
    raw = json.dumps({"no": package.waybill, "scans": [{"at": ms(at), "what": "out_for_delivery"}]}).encode()
    door = reverse("courier_push", args=[account.push_token])

    def push(key):
        return Client().post(door, raw, content_type="application/json", headers={"x-sign": sign(key, raw)})

    forged = push("somebody")
    with django_capture_on_commit_callbacks(execute=True):
        taken = push("k3yk3yk3")
    package.refresh_from_db()
    pushed = package.state
    later = {"no": package.waybill, "scans": [{"at": ms(at + timedelta(minutes=1)), "what": "at_locker"}]}
    wire.on("https://open.heron.example/track", later)
    record_events({package.pk: registry.get("heron").track(account, package.waybill)})

    package.refresh_from_db()
    assert (forged.status_code, taken.status_code, taken.content) == (403, 200, b"got it")
    assert (pushed, package.state) == ("out_for_delivery", "at_locker")


def test_it_is_asked_once_the_shop_allows_it_and_pays_by_itself_once_the_book_does(
    account, wire, in_the_book, settings, django_capture_on_commit_callbacks
):
    settings.COURIER_HOSTS = {"heron": "http://heron.test"}
    wire.on("http://heron.test/stop", {"ref": "H-77"})
    wire.on("http://heron.test/track", {"scans": []})
    shop = account.shop
    first, second = (make_package("heron", shop=shop) for _ in range(2))
    with pytest.raises(Refused) as refused, transaction.atomic():
        interceptions.submit_interception(first, by=None)
    policy.change(shop, by=None, reason="苍鹭也拦", intercept_couriers=["heron"])

    def stop(package):
        with django_capture_on_commit_callbacks(execute=True):
            row = interceptions.submit_interception(package, by=None)
        with django_capture_on_commit_callbacks(execute=True):
            record_events({package.pk: [scan("returning", now() + timedelta(seconds=2))]})
        row.refresh_from_db()
        return row

    asked = stop(first)
    policy.change(shop, by=None, reason="可以自动退", evidence={"heron_return_scan": True})
    paid = stop(second)

    assert refused.value.code == "E08"
    assert (asked.state, asked.external_ref, asked.question) == ("running", "H-77", "switched_off")
    assert (paid.state, paid.evidence, paid.may_pay_by_itself) == ("returning", "return_scan", True)
    assert wire.count("http://heron.test/stop") == 2


def test_without_a_line_in_the_book_its_scan_asks_a_person(account, wire, django_capture_on_commit_callbacks):
    wire.on("/stop", {"ref": "H-77"})
    wire.on("/track", {"scans": []})
    policy.change(account.shop, by=None, reason="苍鹭也拦", intercept_couriers=["heron"])
    package = make_package("heron", shop=account.shop)
    with django_capture_on_commit_callbacks(execute=True):
        row = interceptions.submit_interception(package, by=None)

    with django_capture_on_commit_callbacks(execute=True):
        record_events({package.pk: [scan("returning", now() + timedelta(seconds=2))]})

    row.refresh_from_db()
    assert (row.state, row.question, row.may_pay_by_itself) == ("running", "switched_off", False)


def test_the_policy_page_has_its_switches_and_the_rule_page_its_rule(account, in_the_book, owner):
    shop, client = owner
    policy.change(shop, by=None, reason="苍鹭也拦", intercept_couriers=["zto", "heron"])

    switches = client.get(reverse("policy", args=[shop.pk])).content.decode()
    rules = client.get(reverse("rules"), {"shop": shop.pk}).content.decode()

    assert 'value="heron_return_scan"' in switches
    assert "Return scan at Heron" in switches
    assert 'name="intercept_couriers" value="heron"' in switches
    assert "EV-HERON-RETURN-SCAN" in rules
    assert "ZTO Express, Heron Express" in rules


def test_without_its_file_it_is_a_name_like_any_other():
    assert (registry.find("heron"), carriers.code_of("苍鹭"), courier_name("苍鹭")) == (None, "苍鹭", "苍鹭")
