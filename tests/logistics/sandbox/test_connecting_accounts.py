"""测试连接: one harmless call through the adapter, told in words; nothing is left half known."""

from datetime import timedelta

import pytest
from django.urls import reverse

from logistics.couriers import connecting, registry
from logistics.couriers.models import CourierCall
from logistics.sandbox.accounts import secrets_of
from merchant.clock import now
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops import services
from merchant.shops.models import CourierAccount
from tests.merchant.factories import make_courier_account, make_shop, make_user

pytestmark = pytest.mark.django_db(transaction=True)
SPOKEN = ("zto", "yto", "sto", "jt", "sf")


@pytest.fixture
def client(client):
    client.cookies["django_language"] = "en"
    return client


def tried(account, owner, **more):
    connecting.start_connection_test(account, by=owner, **more)
    account.refresh_from_db()
    return account


@pytest.mark.parametrize("code", SPOKEN)
def test_right_credentials_work_though_nobody_has_the_waybill_that_is_asked_about(courier, code):
    shop = make_shop()

    account = tried(make_courier_account(shop, code, secrets=secrets_of(code)), make_user("owner", shop))

    assert account.connection == "works"
    assert CourierCall.objects.get().operation == "try_connection"


@pytest.mark.parametrize("code", ["zto", "sf"])
def test_a_shop_that_does_not_take_an_unknown_waybill_for_proof_is_told_so(courier, code, client):
    shop = make_shop()
    owner = make_user("owner", shop)
    policy.change(shop, by=None, reason="不算数", unknown_waybill_proves=False)

    account = tried(make_courier_account(shop, code, secrets=secrets_of(code)), owner)

    client.force_login(owner)
    page = client.get(reverse("courier_connection", args=[shop.pk, account.pk])).content.decode()
    assert account.connection == "unproved"
    assert "answered, not proved" in page and "which proves nothing of the account" in page


@pytest.mark.parametrize("code", SPOKEN)
def test_a_wrong_secret_is_refused_and_the_page_says_whose_word_it_is(courier, code, client):
    shop = make_shop()
    owner = make_user("owner", shop)
    wrong = {
        name: {**value, "secret": "x"} if isinstance(value, dict) else value for name, value in secrets_of(code).items()
    }
    wrong |= {name: "x" for name in ("app_secret", "secret_key", "private_key", "check_word") if name in wrong}

    account = tried(make_courier_account(shop, code, secrets=wrong), owner)
    client.force_login(owner)
    page = client.get(reverse("courier_connection", args=[shop.pk, account.pk])).content.decode()

    assert account.connection == "refused"
    assert "It does not accept these credentials" in page
    assert account.connection_words.partition(":")[2].strip() in page


def test_through_kuaidi100_too(courier):
    shop = make_shop()
    account = make_courier_account(shop, "zto", via="kuaidi100", secrets=secrets_of("kuaidi100"))

    assert tried(account, make_user("owner", shop)).connection == "works"


def test_a_courier_that_does_not_answer_is_silent(settings):
    settings.COURIER_HOSTS = {"zto": "http://127.0.0.1:9"}
    shop = make_shop()

    account = tried(make_courier_account(shop, "zto", secrets=secrets_of("zto")), make_user("owner", shop))

    assert account.connection == "silent"
    assert CourierCall.objects.get().outcome == "not_sent"


def test_changed_credentials_are_untried_again_and_an_answer_about_the_old_ones_is_not_kept(courier, monkeypatch):
    shop = make_shop()
    owner = make_user("owner", shop)
    account = make_courier_account(shop, "zto", secrets=secrets_of("zto"))

    def change_meanwhile(*_args):
        services.save_account(CourierAccount.objects.get(pk=account.pk), by=owner, secrets={"app_key": "other"})
        return 0

    monkeypatch.setattr(registry.get("zto"), "try_connection", change_meanwhile)
    tried(account, owner)

    assert account.connection == ""


def test_nobody_asks_twice_at_once_but_again_after_a_minute_without_an_answer(monkeypatch):
    shop = make_shop()
    owner = make_user("owner", shop)
    account = make_courier_account(shop, "zto")
    services.begin_test(account, by=owner)

    with pytest.raises(Refused) as refused:
        services.begin_test(account, by=owner)
    CourierAccount.objects.update(connection_at=now() - timedelta(minutes=2))
    services.begin_test(account, by=owner)

    assert refused.value.code == "TESTING"


def test_an_agent_tests_nothing_and_a_courier_whose_numbers_we_do_not_know_needs_one():
    shop = make_shop()
    account = make_courier_account(shop, "nobody")

    with pytest.raises(Refused) as right:
        connecting.start_connection_test(account, by=make_user("agent", shop), waybill="X1")
    with pytest.raises(Refused) as waybill:
        connecting.start_connection_test(account, by=make_user("owner", shop))

    account.refresh_from_db()
    assert (right.value.code, waybill.value.code, account.connection) == ("RIGHT", "WAYBILL", "")


def test_a_sample_has_the_shape_of_the_courier_s_numbers():
    assert {code: connecting.sample_waybill(code) for code in SPOKEN} == {
        "zto": "73000000000001",
        "yto": "YT0000000000001",
        "sto": "770000000000001",
        "jt": "JT0000000000001",
        "sf": "SF000000000001",
    }
