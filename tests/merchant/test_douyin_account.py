"""The settings form of a Douyin account: what is missing is said in a sentence, secrets are written and never shown."""

import re

import pytest
from django.urls import reverse

from merchant.platforms.sandbox import accounts
from merchant.shops import services
from merchant.shops.models import PlatformAccount
from tests.merchant.factories import make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db
SECRETS = {"app_secret": "s3cret", "access_token": "t0ken", "refresh_token": "r", "shop_id": "7"}
TYPES = {
    "secret-agree_refund_type": "201",
    "secret-agree_unshipped_type": "",
    "secret-refuse_refund_type": "",
    "secret-refuse_unshipped_type": "",
}
# What a form is sent back with when no credential is written anew.
KEPT = {"app_key": "app-1", "is_active": "on", "secret-shop_id": "7"}
WRITTEN = {f"secret-{name}": value for name, value in SECRETS.items()}


@pytest.fixture
def owner(client):
    """The shop and its owner's browser, in English so that the tests read sentences."""
    shop = make_shop("douyin")
    client.cookies["django_language"] = "en"
    client.force_login(make_user("owner", shop), backend="django.contrib.auth.backends.ModelBackend")
    return shop, client


def add(owner, **values):
    shop, client = owner
    body = {"name": "抖店", "platform": "douyin", "app_key": "app-1", "is_active": "on", **WRITTEN, **TYPES}
    return client.post(reverse("platform_account_add", args=[shop.pk]), {**body, **values})


def errors(answer):
    return re.findall(r'<p class="error"[^>]*>([^<]+)<', answer.content.decode())


def test_an_account_is_written_with_its_types(owner):
    answer = add(owner, **{"secret-agree_unshipped_type": "301"})

    account = PlatformAccount.objects.get()
    assert (answer.status_code, account.platform, account.app_key) == (302, "douyin", "app-1")
    assert account.secrets == {**SECRETS, "agree_refund_type": 201, "agree_unshipped_type": 301}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"secret-app_secret": ""}, "This field is required."),
        ({"secret-access_token": ""}, "This field is required."),
        ({"app_key": ""}, "This field is required."),
        ({"secret-agree_refund_type": "x"}, "number"),
        ({"secret-agree_refund_type": "0"}, "1"),
        ({"secret-agree_refund_type": "100000"}, "99999"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_stored(owner, values, sentence):
    answer = add(owner, **values)

    assert (answer.status_code, PlatformAccount.objects.count()) == (422, 0)
    assert any(sentence in error for error in errors(answer)), errors(answer)


def test_a_type_is_changed_without_writing_the_credentials_again_and_no_page_shows_them(owner):
    shop, client = owner
    account = make_platform_account(shop, "douyin", app_key="app-1", secrets={**SECRETS, "agree_refund_type": 201})
    url = reverse("platform_account_edit", args=[shop.pk, account.pk])
    page = client.get(url).content.decode()

    answer = client.post(url, {**KEPT, **TYPES, "secret-agree_refund_type": "202"})

    account.refresh_from_db()
    assert (answer.status_code, account.secrets) == (302, {**SECRETS, "agree_refund_type": 202})
    assert 'value="201"' in page
    assert not any(secret in page for secret in ("s3cret", "t0ken"))


def test_a_form_that_changes_no_credential_writes_none_over_a_token_renewed_meanwhile(owner, monkeypatch):
    shop, client = owner
    account = make_platform_account(shop, "douyin", app_key="app-1", secrets={**SECRETS, "agree_refund_type": 201})
    written = []
    save = services.save_account
    monkeypatch.setattr(services, "save_account", lambda row, **how: written.append(how["secrets"]) or save(row, **how))

    client.post(
        reverse("platform_account_edit", args=[shop.pk, account.pk]),
        {**KEPT, "name": "x", **TYPES},
    )

    assert written == [None]


def test_an_app_key_is_taken_from_its_own_box_only(owner):
    shop, client = owner
    account = make_platform_account(shop, "douyin", app_key="app-1", secrets={**SECRETS, "app_key": "app-1"})

    client.post(reverse("platform_account_edit", args=[shop.pk, account.pk]), {**KEPT, **TYPES, "app_key": "app-2"})

    account.refresh_from_db()
    assert (account.app_key, account.secrets) == ("app-2", {**SECRETS, "agree_refund_type": 201})


def test_a_kuaishou_account_has_no_such_boxes(owner):
    shop, client = owner
    account = make_platform_account(shop, "kuaishou", secrets=accounts.KUAISHOU_SECRETS)

    page = client.get(reverse("platform_account_edit", args=[shop.pk, account.pk])).content.decode()

    assert ("agree_refund_type" in page, 'name="app_key"' in page) == (False, True)
