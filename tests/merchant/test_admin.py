"""The admin: everything can be looked at, almost nothing changed, nothing sealed is shown."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from merchant.inbox import services as inbox
from merchant.inbox.models import InboxTask
from merchant.ledger import services as ledger
from merchant.models import (
    Activity,
    CourierAccount,
    InboxMessage,
    LedgerEntry,
    PiiReveal,
    Policy,
    Recipient,
    Shop,
    User,
)
from merchant.policy import services as policy
from merchant.vault import services as vault
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    client.cookies["django_language"] = "en"
    user = make_user(is_staff=True, is_superuser=True, is_platform_admin=True)
    client.force_login(user)
    return user


@pytest.fixture
def furnished():
    """A row of everything that this app keeps."""
    shop = make_shop()
    agent = make_user("agent", shop)
    account = make_courier_account(shop, secrets={"app_secret": "very-secret"})
    make_platform_account(shop, secrets={"app_secret": "very-secret"})
    recipient = vault.store(shop, name="王小明", phone="13800001234", address="浙江省杭州市余杭区仓前街道文一西路969号")
    vault.reveal(agent, recipient, order_number="O1", field="phone", is_free=False, is_closed_14d=False)
    policy.change(shop, by=None, reason="开张", auto_submit=True)
    ledger.post(shop, "refunds_paid", "refunds_payable", 8800, kind="refund.approve", document="RF1")
    inbox.receive("courier:nobody", shop=shop, account_id=account.pk, headers={}, body=b"13800001234")
    return shop


def ours():
    return [model for model in admin.site._registry if model._meta.app_label == "merchant"]


def test_every_list_and_every_row_opens_and_shows_nothing_sealed(client, administrator, furnished):
    looked_at, leaks = 0, []
    for model in ours():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [client.get(reverse(f"{name}_changelist"))]
        pages += [client.get(reverse(f"{name}_change", args=[row.pk])) for row in model.objects.all()[:1]]
        for page in pages:
            assert page.status_code == 200
            text = page.content.decode()
            leaks += [(model, word) for word in ("very-secret", "13800001234", "王小明", "文一西路") if word in text]
        looked_at += len(pages)

    assert leaks == []
    assert looked_at > len(ours())


def test_no_page_of_the_admin_needs_script_or_style_inside_the_page(client, administrator, furnished):
    broken = []
    for path in (
        "/admin/",
        "/admin/merchant/shop/",
        "/admin/merchant/shop/add/",
        "/admin/merchant/user/add/",
        f"/admin/merchant/shop/{furnished.pk}/change/",
    ):
        page = client.get(path)
        text = page.content.decode()
        broken += [
            (path, tag)
            for tag in re.findall(
                r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style|\sstyle=|\son\w+=", text
            )
        ]
        rule = page.headers["Content-Security-Policy"]
        assert ("unsafe" in rule, "script-src 'self'" in rule, "default-src 'none'" in rule) == (False, True, True)

    assert broken == []


@pytest.mark.parametrize("model", [Activity, CourierAccount, InboxMessage, LedgerEntry, PiiReveal, Policy, Recipient])
def test_what_has_a_rule_is_neither_added_nor_changed_nor_deleted_here(client, administrator, furnished, model):
    name = f"admin:merchant_{model._meta.model_name}"
    row = model.objects.first()
    before = model.objects.filter(pk=row.pk).values().get()

    added = client.get(reverse(f"{name}_add")).status_code
    changed = client.post(
        reverse(f"{name}_change", args=[row.pk]), {"state": "x", "amount_fen": 1, "reason": "x"}
    ).status_code
    deleted = client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code

    assert (added, changed, deleted) == (403, 403, 403)
    assert model.objects.filter(pk=row.pk).values().get() == before


def test_a_shop_changed_here_leaves_a_line_in_the_trail(client, administrator, furnished):
    form = {"platform": "kuaishou", "external_id": furnished.external_id, "name": "新名字", "state": "suspended"}

    client.post(f"/admin/merchant/shop/{furnished.pk}/change/", form)

    shop = Shop.objects.get(pk=furnished.pk)
    line = Activity.objects.about(shop).first()
    assert (shop.name, shop.state) == ("新名字", "suspended")
    assert (line.verb, line.by, line.detail) == ("shop.change", administrator, {"fields": ["name", "state"]})


def test_a_person_is_made_here_with_a_trail_and_cannot_be_deleted(client, administrator):
    memberships = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    form = {"username": "xinren", "display_name": "新人", "usable_password": "false", **memberships}

    client.post("/admin/merchant/user/add/", form)

    person = User.objects.get(username="xinren")
    assert [line.verb for line in Activity.objects.about(person)] == ["user.add"]
    assert client.post(f"/admin/merchant/user/{person.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_parked_message_is_retried_through_the_service(client, administrator, furnished):
    task = InboxTask.objects.get()
    InboxTask.objects.update(is_parked=True, attempts=5)

    client.post("/admin/merchant/inboxtask/", {"action": "retry", "_selected_action": [task.pk]})

    task.refresh_from_db()
    assert (task.is_parked, task.attempts) == (False, 0)
    assert [line.verb for line in Activity.objects.about(task.message)] == ["message.retry"]


def test_a_paused_courier_is_resumed_through_the_service(client, administrator, furnished):
    account = CourierAccount.objects.get(shop=furnished)

    client.post("/admin/merchant/courieraccount/", {"action": "resume", "_selected_action": [account.pk]})

    assert [line.verb for line in Activity.objects.about(account)] == ["courier.resume"]


def test_an_agent_does_not_get_in(client, furnished):
    client.force_login(make_user("agent", furnished))

    assert client.get("/admin/merchant/recipient/").status_code == 302
