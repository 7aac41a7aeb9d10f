from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from merchant.refusals import Refused
from merchant.shops import services
from merchant.shops.models import Agreement, CourierAccount
from merchant.trail.models import Activity
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def test_an_owner_signs_and_the_version_the_day_and_the_name_are_kept():
    shop = make_shop(is_signed=False)
    owner = make_user("owner", shop)

    with time_machine.travel(NOON, tick=False):
        agreement = services.sign_agreement(shop, by=owner)

    assert (agreement.kind, agreement.version, agreement.signed_at, agreement.signed_by) == (
        "intercept",
        "2023-06",
        NOON,
        owner,
    )
    assert services.agreement_in_force(shop) == agreement
    (line,) = Activity.objects.about(agreement)
    assert (line.verb, line.by, line.shop, line.detail) == ("agreement.sign", owner, shop, {"version": "2023-06"})


@pytest.mark.parametrize("role", ["agent", "supervisor", "warehouse", "finance", "platform_admin"])
def test_nobody_but_the_owner_signs(role):
    shop = make_shop(is_signed=False)

    with pytest.raises(Refused) as refused:
        services.sign_agreement(shop, by=make_user(role, shop))

    assert refused.value.code == "RIGHT"
    assert services.agreement_in_force(shop) is None


def test_an_agreement_in_force_is_not_signed_again():
    shop = make_shop()

    with pytest.raises(Refused) as refused:
        services.sign_agreement(shop, by=make_user("owner", shop))

    assert refused.value.code == "SIGNED"
    assert shop.agreements.count() == 1


def test_the_database_holds_one_agreement_in_force():
    shop = make_shop()

    with pytest.raises(IntegrityError, match="agreement_one_in_force"), transaction.atomic():
        Agreement.objects.create(shop=shop, kind="intercept", version="2023-06", signed_at=NOON)


def test_a_revoked_agreement_is_out_of_force_and_can_be_signed_anew():
    shop = make_shop()
    owner = make_user("owner", shop)
    first = services.agreement_in_force(shop)

    with time_machine.travel(NOON, tick=False):
        revoked = services.revoke_agreement(first, by=owner, reason="换快递")
    gone = services.agreement_in_force(shop)
    second = services.sign_agreement(shop, by=owner)

    assert (revoked.revoked_at, revoked.revoked_by, gone) == (NOON, owner, None)
    assert services.agreement_in_force(shop) == second != first
    assert [(line.verb, line.reason) for line in Activity.objects.about(first)] == [
        ("agreement.revoke", "换快递"),
        ("agreement.sign", ""),
    ]


def test_revoking_twice_keeps_the_first_day():
    shop = make_shop()
    owner = make_user("owner", shop)
    agreement = services.agreement_in_force(shop)
    with time_machine.travel(NOON, tick=False):
        services.revoke_agreement(agreement, by=owner, reason="换快递")

    with pytest.raises(Refused) as refused:
        services.revoke_agreement(agreement, by=owner, reason="再来一次")

    agreement.refresh_from_db()
    assert (refused.value.code, agreement.revoked_at) == ("REVOKED", NOON)


def test_an_agent_cannot_revoke():
    shop = make_shop()
    agreement = services.agreement_in_force(shop)

    with pytest.raises(Refused) as refused:
        services.revoke_agreement(agreement, by=make_user("agent", shop), reason="手滑")

    assert (refused.value.code, services.agreement_in_force(shop)) == ("RIGHT", agreement)


def test_secrets_are_sealed_in_the_database_and_named_but_not_told_in_the_trail():
    shop = make_shop()
    account = make_courier_account(shop)

    services.set_secrets(account, by=make_user("owner", shop), secrets={"app_key": "k-1", "app_secret": "very-secret"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM merchant_courieraccount WHERE id = %s", [account.pk])
        stored = bytes(cursor.fetchone()[0])
    account.refresh_from_db()
    (line,) = Activity.objects.about(account)
    assert account.secrets == {"app_key": "k-1", "app_secret": "very-secret"}
    assert b"very-secret" not in stored
    assert (line.verb, line.detail) == ("account.set_secrets", {"fields": ["app_key", "app_secret"]})


def test_an_agent_cannot_write_secrets():
    shop = make_shop()
    account = make_courier_account(shop)

    with pytest.raises(Refused) as refused:
        services.set_secrets(account, by=make_user("supervisor", shop), secrets={})

    account.refresh_from_db()
    assert (refused.value.code, account.secrets) == ("RIGHT", {"app_key": "demo-app", "app_secret": "demo-secret"})


def test_a_new_push_address_replaces_the_old_one():
    shop = make_shop()
    account = make_platform_account(shop)
    old = account.push_token

    new = services.renew_push_token(account, by=make_user("owner", shop))

    account.refresh_from_db()
    assert (account.push_token, new != old, len(new) >= 32) == (new, True, True)


def test_every_account_has_a_push_address_of_its_own():
    shop = make_shop()

    assert len({make_courier_account(shop).push_token for _ in range(20)}) == 20


def test_the_account_with_the_ewaybill_comes_first_and_an_inactive_one_never():
    shop = make_shop()
    make_courier_account(shop, has_ewaybill=False)
    chosen = make_courier_account(shop)
    make_courier_account(shop, is_active=False)

    assert services.courier_account(shop, "zto") == chosen
    assert services.courier_account(shop, "yto") is None
    assert services.courier_account(make_shop(), "zto") is None


def test_changing_an_account_writes_back_only_what_the_page_edits():
    """The circuit breaker paused the courier and a colleague renewed the address while the page stood open."""
    shop = make_shop()
    owner = make_user("owner", shop)
    account = make_courier_account(shop)
    on_the_page = CourierAccount.objects.get(pk=account.pk)
    services.pause_courier(account, by=None, until=NOON, reason="五次超时")
    token = services.renew_push_token(account, by=owner)
    services.set_secrets(account, by=owner, secrets={"app_key": "new"})

    on_the_page.name = "新名字"
    services.save_account(on_the_page, by=owner, secrets=None)

    account.refresh_from_db()
    assert (account.name, account.paused_until, account.push_token, account.secrets) == (
        "新名字",
        NOON,
        token,
        {"app_key": "new"},
    )


def test_the_same_account_twice_is_refused_in_a_sentence():
    shop = make_shop()
    account = make_courier_account(shop)

    with pytest.raises(Refused) as refused:
        services.save_account(
            CourierAccount(shop=shop, courier="zto", customer_code=account.customer_code),
            by=make_user("owner", shop),
            secrets={},
        )

    assert (refused.value.code, shop.courier_accounts.count()) == ("TWICE", 1)


def test_a_courier_is_paused_and_resumed_with_the_reason_on_record():
    shop = make_shop()
    supervisor = make_user("supervisor", shop)
    account = make_courier_account(shop)

    paused = services.pause_courier(account, by=supervisor, until=NOON + timedelta(hours=1), reason="接口维护")
    resumed = services.resume_courier(account, by=supervisor)

    assert (paused.paused_until, paused.pause_reason) == (NOON + timedelta(hours=1), "接口维护")
    assert (resumed.paused_until, resumed.pause_reason) == (None, "")
    assert [line.verb for line in Activity.objects.about(account)] == ["courier.resume", "courier.pause"]


def test_an_agent_cannot_pause_a_courier():
    shop = make_shop()
    account = make_courier_account(shop)

    with pytest.raises(Refused) as refused:
        services.pause_courier(account, by=make_user("agent", shop), until=NOON, reason="手滑")

    account.refresh_from_db()
    assert (refused.value.code, account.paused_until) == ("RIGHT", None)
