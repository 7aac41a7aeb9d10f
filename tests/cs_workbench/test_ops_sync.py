"""The sync monitor: whether the platforms' orders and requests reach us, and the button that asks now."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchant.clock import now
from merchant.inbox import services as inbox
from merchant.platforms.sandbox import accounts
from merchant.shops.models import PlatformAccount
from merchant.trail.models import Activity
from orders.intake.models import MissedOrder, SyncCursor
from orders.record.models import Order
from tests.merchant.factories import make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db


def connected():
    shop = make_shop("kuaishou", external_id=accounts.KUAISHOU_SELLER_ID)
    return make_platform_account(
        shop, app_key=accounts.KUAISHOU_APP_KEY, secrets=accounts.KUAISHOU_SECRETS, name="House"
    )


def row_of(client):
    page = client.get(reverse("ops"))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
    return page.context["platforms"][0], text


@pytest.mark.req("R1.5")
def test_the_monitor_shows_a_flowing_platform_its_silence_and_its_recovery(platform, commits, sign_in):
    account = connected()
    supervisor = make_user("supervisor", account.shop)
    client = sign_in(supervisor)
    row, text = row_of(client)
    assert (row["orders"]["kind"], row["lag"], row["waiting"], row["pushed_at"]) == ("shut", None, 0, None)
    assert "not pulled yet" in text and "none yet" in text

    # Pull now: the order is here, and the page says how fresh everything is.
    oid = str(platform.control.add_order(total_fee=8800, status=30)["oid"])
    platform.control.add_order(total_fee=100, status=99)
    with commits():
        client.post(reverse("platform_pull", args=[account.pk]))
    row, text = row_of(client)
    assert list(Order.objects.values_list("shop", "number", "paid_fen")) == [(account.shop_id, oid, 8800)]
    assert (row["orders"]["kind"], row["cases"]["kind"], row["missed"]["count"]) == ("done", "done", 1)
    assert row["lag"] < timedelta(seconds=30)
    assert "What changed at the platform is being read now." in text and "1 taken" in text
    assert "status 99" in text and "tried 1 times" in text
    assert [(line.verb, line.by) for line in Activity.objects.about(account)] == [("account.pull", supervisor)]

    # A message waits to be worked on.
    body = b"not written with this account's key"
    inbox.receive("platform:kuaishou", shop=account.shop, account_id=account.pk, headers={}, body=body)
    row, _text = row_of(client)
    assert (row["waiting"], row["pushed_at"] is not None) == (1, True)

    # Older than three times the interval of a minute: silent, and an alarm.
    SyncCursor.objects.update(last_ok_at=now() - timedelta(seconds=185), watermark_at=now() - timedelta(seconds=185))
    row, text = row_of(client)
    assert (row["orders"]["is_alarm"], row["orders"]["kind"], row["cases"]["is_alarm"]) == (True, "late", False)
    assert "silent" in text and timedelta(seconds=185) <= row["lag"] < timedelta(seconds=215)

    # The platform is down: its error stands until it answers again.
    platform.fail("order.cursor.list", "down")
    with commits():
        client.post(reverse("platform_pull", args=[account.pk]))
    row, text = row_of(client)
    assert (row["orders"]["error"], row["orders"]["is_alarm"]) == ("transient connect refused", True)
    assert "failing" in text and "transient connect refused" in text
    with commits():
        client.post(reverse("platform_pull", args=[account.pk]))
    row, _text = row_of(client)
    assert (row["orders"]["error"], row["orders"]["kind"]) == ("", "done")


def test_who_may_only_look_is_told_so_and_pulls_nothing(platform, commits, sign_in):
    account = connected()
    platform.control.add_order(total_fee=8800, status=30)
    client = sign_in(make_user("finance", account.shop))

    _row, text = row_of(client)
    with commits():
        answer = client.post(reverse("platform_pull", args=[account.pk]), follow=True).content.decode()

    assert "looking only" in text and "Pull now" not in text
    assert "[RIGHT]" in answer
    assert (Order.objects.count(), Activity.objects.about(account).count()) == (0, 0)


def test_another_shops_account_is_not_there(platform, sign_in):
    account = connected()
    owner = sign_in(make_user("owner", make_shop()))

    assert owner.post(reverse("platform_pull", args=[account.pk])).status_code == 404
    assert owner.get(reverse("ops")).context["platforms"] == []


def test_a_pull_under_way_is_said_and_not_started_twice(platform, commits, sign_in):
    account = connected()
    lease = now() + timedelta(minutes=1)
    SyncCursor.objects.create(account=account, shop=account.shop, stream="orders", lease_until=lease)

    with commits():
        answer = sign_in(make_user("owner", account.shop)).post(
            reverse("platform_pull", args=[account.pk]), follow=True
        )

    assert (
        '<span title="PULLING">A pull of this account is under way; what changed comes with it.'
        in answer.content.decode()
    )
    assert platform.calls == []


def test_a_long_pull_is_called_catching_up_and_not_an_alarm(platform, sign_in):
    account = connected()
    SyncCursor.objects.create(
        account=account, shop=account.shop, stream="orders", cursor="c9", watermark_at=now() - timedelta(days=9), last_ok_at=now()
    )  # fmt: skip

    row, text = row_of(sign_in(make_user("owner", account.shop)))

    assert (row["is_catching_up"], row["orders"]["is_alarm"]) == (True, False)
    assert "catching up" in text


def test_the_page_asks_as_often_for_three_accounts_as_for_one(platform, sign_in):
    shop = make_shop()
    client = sign_in(make_user("owner", shop))

    def count(accounts_wanted):
        while PlatformAccount.objects.count() < accounts_wanted:
            account = make_platform_account(shop)
            for number in range(7):
                MissedOrder.objects.create(
                    account=account, shop=shop, number=f"{account.pk}-{number}", reason="x", last_at=now()
                )
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("ops"))
        rows = page.context["platforms"]
        assert [(row["missed"]["count"], len(row["missed"]["rows"])) for row in rows] == [(7, 5)] * accounts_wanted
        return len(queries)

    one = count(1)
    assert count(3) == one
