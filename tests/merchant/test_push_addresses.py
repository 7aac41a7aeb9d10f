"""The addresses of push doors: known to nobody who reads the database or a log, shown again to the owner, and a flood
of forged pushes takes neither the disk nor the courier's place."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from logistics.couriers import push_endpoint
from merchant.clock import now
from merchant.inbox import samples
from merchant.inbox.models import InboxMessage
from merchant.shops import services
from merchant.shops.models import CourierAccount, PlatformAccount
from tests.logistics.couriers.test_door import parcel_at_the_door, push_body, send
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def one_minute(monkeypatch):
    """Everything happens within one minute, and whoever counts is quick."""
    counted, at = Counter(), now()

    def count(key, seconds):
        counted[key] += 1
        return counted[key]

    cache.clear()
    samples._here.clear()
    monkeypatch.setattr(samples.wakeups, "count", count)
    monkeypatch.setattr(samples, "now", lambda: at)
    monkeypatch.setattr(push_endpoint, "now", lambda: at)


@pytest.mark.parametrize(
    ("make", "model"), [(make_courier_account, CourierAccount), (make_platform_account, PlatformAccount)]
)
def test_no_column_of_the_database_holds_an_address(make, model):
    account = make(make_shop())

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT row_to_json(t)::text FROM {model._meta.db_table} t WHERE id = %s", [account.pk])
        row = cursor.fetchone()[0]

    assert len(account.push_token) == 32
    assert account.push_token not in row and account.push_digest in row


def test_an_address_is_shown_again_and_follows_from_a_key_that_is_not_in_the_database(settings, sign_in_owner):
    shop, client = sign_in_owner
    account = make_courier_account(shop)
    shown = account.push_token

    assert CourierAccount.objects.get(pk=account.pk).push_token == shown
    assert shown in client.get(reverse("accounts", args=[shop.pk])).content.decode()
    settings.PII_INDEX_KEY = "another-key"
    assert CourierAccount.objects.get(pk=account.pk).push_token != shown


@pytest.fixture
def sign_in_owner(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    return shop, client


def test_a_new_address_ends_the_old_one(client, sign_in_owner):
    package = parcel_at_the_door("zto")
    account, body = package.account, push_body(package)
    old = account.push_token
    assert send(client, old, *body).status_code == 200

    new = services.renew_push_token(account, by=make_user("owner", account.shop))

    assert (send(client, old, *body).status_code, send(client, new, *body).status_code) == (404, 200)
    assert CourierAccount.objects.get(pk=account.pk).push_token == new != old


def test_no_server_that_we_start_writes_addresses_to_an_access_log():
    commands = [
        PROJECT / name for name in ("docker-compose.yml", "Dockerfile", "README.md", "merchant/launcher/processes.py")
    ]

    assert [path.name for path in commands if re.search(r"(?<!no-)access-log", path.read_text())] == []


def test_a_flood_of_forged_pushes_is_sampled_and_keeps_no_genuine_one_out(client, monkeypatch):
    monkeypatch.setattr(samples, "PER_MINUTE", 5)
    monkeypatch.setattr(push_endpoint, "PUSHES_PER_MINUTE", 30)
    package = parcel_at_the_door("zto")

    answers = [send(client, package.account.push_token, b"x" * 4000).status_code for _ in range(40)]
    genuine = send(client, package.account.push_token, *push_body(package))

    assert answers == [403] * 5 + [429] * 35
    assert genuine.status_code == 200
    assert list(InboxMessage.objects.order_by("pk").values_list("verdict", flat=True)) == [
        *["forged"] * 5, "throttled", "verified"
    ]  # fmt: skip


def test_what_nobody_vouches_for_is_kept_so_much_a_day_and_no_more(client, monkeypatch):
    monkeypatch.setattr(samples, "PER_DAY", 3)
    package = parcel_at_the_door("zto")

    answers = [send(client, package.account.push_token, b"junk").status_code for _ in range(6)]

    assert (answers, InboxMessage.objects.count()) == ([403, 403, 403, 429, 429, 429], 4)


def test_without_redis_a_flood_still_has_an_end(client, monkeypatch):
    monkeypatch.setattr(samples.wakeups, "count", lambda key, seconds: 0)
    monkeypatch.setattr(samples, "PER_MINUTE", 2)
    package = parcel_at_the_door("zto")

    answers = [send(client, package.account.push_token, b"junk").status_code for _ in range(4)]

    assert (answers, InboxMessage.objects.count()) == ([403, 403, 429, 429], 3)


def test_a_platform_s_door_keeps_so_much_a_day_too(client, monkeypatch):
    monkeypatch.setattr(samples, "PER_DAY", 2)
    account = make_platform_account(make_shop())
    door = f"/push/platform/{account.push_token}/"

    answers = [client.post(door, b"junk", content_type="text/plain").status_code for _ in range(4)]

    assert (answers, InboxMessage.objects.count()) == ([400, 400, 429, 429], 3)
