"""What every answer carries, also those nobody designed: errors, refusals, the admin."""

import pytest
from django.conf import settings as conf
from django.test import Client
from django.urls import path, reverse

from merchant.urls import urlpatterns as real
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "blue-lantern-42"
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def broken(request):
    raise RuntimeError("13900001234")


urlpatterns = [*real, path("broken/", broken)]


@pytest.fixture
def admin():
    client = Client(raise_request_exception=False)
    client.force_login(make_user(is_staff=True, is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.urls("tests.merchant.test_headers")
@pytest.mark.parametrize(
    ("address", "method", "status"),
    [
        ("/accounts/login/", "get", 200),
        ("/settings/", "get", 200),
        ("/nowhere/", "get", 404),
        ("/orders/1/a%00/", "get", 404),
        ("/broken/", "get", 500),
        ("/push/courier/x/", "get", 405),
        ("/push/platform/x/", "post", 404),
        ("/health/", "get", 200),
        ("/admin/", "get", 200),
        ("/admin/login/", "get", 302),
        ("/admin/merchant/shop/", "get", 200),
        ("/admin/logistics/couriercall/", "get", 200),
        ("/admin/password_change/", "get", 200),
    ],
)
def test_every_answer_forbids_foreign_scripts_frames_and_guessing(admin, address, method, status):
    client = Client() if address == "/accounts/login/" else admin
    answer = getattr(client, method)(address)

    assert answer.status_code == status
    assert {rule.strip() for rule in answer["Content-Security-Policy"].split(";")} == POLICY
    assert (answer["X-Content-Type-Options"], answer["X-Frame-Options"], answer["Referrer-Policy"]) == (
        "nosniff",
        "DENY",
        "same-origin",
    )
    assert "13900001234" not in answer.content.decode()


def test_a_refused_token_is_answered_under_the_same_policy():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"username": "a", "password": "b"})

    assert answer.status_code == 403
    assert {rule.strip() for rule in answer["Content-Security-Policy"].split(";")} == POLICY


def test_a_session_planted_before_the_login_is_worth_nothing_after_it():
    user = make_user("agent", make_shop(), password=PASSWORD)
    planted = Client()
    planted.get("/accounts/login/")
    session = planted.session
    session["planted"] = True
    session.save()
    planted.cookies[conf.SESSION_COOKIE_NAME] = session.session_key

    planted.post("/accounts/login/", {"username": user.username, "password": PASSWORD})
    thief = Client()
    thief.cookies[conf.SESSION_COOKIE_NAME] = session.session_key

    assert planted.cookies[conf.SESSION_COOKIE_NAME].value != session.session_key
    assert (planted.get("/desk/").status_code, thief.get("/desk/").status_code) == (200, 302)


def test_a_changed_password_ends_every_other_session():
    user = make_user("agent", make_shop(), password=PASSWORD)
    mine, thief = Client(), Client()
    for client in (mine, thief):
        client.post("/accounts/login/", {"username": user.username, "password": PASSWORD})

    new = {"old_password": PASSWORD, "new_password1": "green-lantern-43", "new_password2": "green-lantern-43"}
    wrong = thief.post(reverse("password_change"), {**new, "old_password": "guess"}).status_code
    mine.post(reverse("password_change"), new)

    assert wrong == 200
    assert (mine.get("/desk/").status_code, thief.get("/desk/").status_code) == (200, 302)


def test_the_session_s_cookie_is_kept_from_scripts_and_other_sites():
    user = make_user("agent", make_shop(), password=PASSWORD)
    client = Client()
    client.post("/accounts/login/", {"username": user.username, "password": PASSWORD})

    cookie = client.cookies[conf.SESSION_COOKIE_NAME]

    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert conf.SESSION_COOKIE_SECURE is conf.CSRF_COOKIE_SECURE is conf.IS_PUBLIC is False
