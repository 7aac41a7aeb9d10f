"""Two-step sign-in: set up, asked for on every door of a session, recovered, reset, and required by a shop."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pyotp
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from merchant.people.rights import ROLES
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.second_factor import services
from merchant.second_factor.models import SecondFactor
from merchant.staff import services as staff
from merchant.trail.models import Activity
from tests.merchant.api_client import program
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PASSWORD = "blue-lantern-42"
ASK = "/accounts/second-step/ask/"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as travelled:
        yield travelled


@pytest.fixture
def owner():
    return make_user("owner", make_shop(), password=PASSWORD)


def code_of(user) -> str:
    """What the phone shows now."""
    return pyotp.TOTP(bytes(SecondFactor.objects.get(user=user).secret).decode()).now()


def enrol(user, clock) -> list[str]:
    services.begin(user)
    codes = services.confirm(user, code_of(user))
    clock.shift(timedelta(seconds=30))
    return codes


def signed_in(user, password=PASSWORD) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.post("/accounts/login/", {"username": user.username, "password": password})
    return client


def refusal(act, *args) -> str:
    with pytest.raises(Refused) as refused:
        act(*args)
    return refused.value.code


def test_a_person_sets_it_up_and_the_next_sign_in_asks_for_the_code(clock, owner):
    client = signed_in(owner)
    client.post(reverse("second_factor_begin"))
    page = client.get(reverse("second_factor")).content.decode()
    wrong = client.post(reverse("second_factor_confirm"), {"code": "000000"})
    shown = client.post(reverse("second_factor_confirm"), {"code": code_of(owner)})
    stays = client.get("/settings/").status_code
    clock.shift(timedelta(seconds=30))

    other = signed_in(owner)
    asked = other.get("/settings/?tab=1")
    passed = other.post(asked["Location"], {"code": code_of(owner), "back": "/settings/?tab=1"})

    assert "<svg" in page and services.secret_of(SecondFactor.objects.get()) in page
    assert (wrong.status_code, len(shown.context["codes"]), stays) == (422, 10, 200)
    assert asked["Location"] == f"{ASK}?next=%2Fsettings%2F%3Ftab%3D1"
    assert (passed["Location"], other.get("/settings/").status_code) == ("/settings/?tab=1", 200)
    assert list(Activity.objects.filter(verb__startswith="second_factor").values_list("verb", flat=True)) == [
        "second_factor.on"
    ]


def test_with_the_password_alone_no_door_of_a_session_opens(clock, owner):
    owner.is_staff = owner.is_superuser = True
    owner.save()
    enrol(owner, clock)
    client = signed_in(owner)
    admin = Client()
    admin.post("/admin/login/", {"username": owner.username, "password": PASSWORD})

    doors = ["/desk/", "/admin/", "/accounts/password/", "/accounts/second-step/", "/settings/", "/desk/pulse/"]
    told = [client.get(door)["Location"].partition("?")[0] for door in doors if client.get(door).status_code == 302]
    part = client.get("/desk/pulse/", headers={"HX-Request": "true"})

    assert told == [ASK] * len(doors)
    assert admin.get("/admin/")["Location"] == f"{ASK}?next=%2Fadmin%2F"
    assert (part.status_code, part["HX-Redirect"]) == (204, ASK)
    assert client.post("/accounts/password/", {}).status_code == 302
    # A program's token is a key of its own.
    assert program(owner, owner.memberships.get().shop).get("/api/v1/orders/").status_code == 200


def test_a_code_works_once_and_half_a_minute_early_or_late(clock, owner):
    enrol(owner, clock)
    code = code_of(owner)
    services.verify(owner, f" {code[:3]} {code[3:]} ")

    assert refusal(services.verify, owner, code) == "CODE"
    clock.shift(timedelta(seconds=60))
    late = code_of(owner)
    clock.shift(timedelta(seconds=30))
    assert services.verify(owner, late) is False
    clock.shift(timedelta(seconds=90))
    assert refusal(services.verify, owner, late) == "CODE"


def test_six_wrong_codes_rest_a_quarter_of_an_hour(clock, owner):
    enrol(owner, clock)
    tries = [refusal(services.verify, owner, "abcdef") for _try in range(6)]

    shut = refusal(services.verify, owner, code_of(owner))
    clock.shift(timedelta(minutes=14, seconds=59))
    still = refusal(services.verify, owner, code_of(owner))
    clock.shift(timedelta(seconds=1))

    assert (tries, shut, still) == (["CODE"] * 6, "TOO_MANY", "TOO_MANY")
    assert services.verify(owner, code_of(owner)) is False


def test_a_recovery_code_lets_in_once_and_is_kept_as_a_digest(clock, owner):
    codes = enrol(owner, clock)
    client = signed_in(owner)

    passed = client.post(ASK, {"code": codes[0].upper()})
    again = signed_in(owner).post(ASK, {"code": codes[0]})

    assert (passed["Location"], client.get("/settings/").status_code) == ("/accounts/second-step/", 200)
    assert again.status_code == 422
    held = SecondFactor.objects.get(user=owner).recovery
    assert (len(held), [code for code in codes if code in held]) == (9, [])
    assert Activity.objects.filter(verb="second_factor.recovered").count() == 1


def test_new_recovery_codes_void_the_old_ones(clock, owner):
    old = enrol(owner, clock)
    new = services.renew_codes(owner, code_of(owner))

    assert refusal(services.verify, owner, old[0]) == "CODE"
    assert services.verify(owner, new[0]) is True
    assert refusal(services.renew_codes, owner, "nonsense") == "CODE"


def test_turning_it_off_takes_a_code_and_is_refused_where_the_shop_asks_for_it(clock, owner):
    enrol(owner, clock)
    assert refusal(services.turn_off, owner, "nonsense") == "CODE"
    services.turn_off(owner, code_of(owner))
    assert (owner.second_factor, SecondFactor.objects.count(), signed_in(owner).get("/settings/").status_code) == (
        None,
        0,
        200,
    )

    enrol(owner, clock)
    policy.change(owner.memberships.get().shop, by=owner, reason="先验证", second_factor="money")
    owner.refresh_from_db()
    asked = type(owner).objects.get(pk=owner.pk)
    assert refusal(services.turn_off, asked, code_of(owner)) == "REQUIRED"
    assert SecondFactor.objects.count() == 1


def test_the_secret_is_sealed_at_rest(owner, django_assert_num_queries):
    from django.db import connection

    factor = services.begin(owner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM merchant_secondfactor")
        stored = bytes(cursor.fetchone()[0])

    assert bytes(factor.secret) not in stored


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ("nobody", []),
        ("money", ["finance", "owner", "platform_admin"]),
        ("all", sorted(ROLES)),
    ],
)
def test_a_shop_asks_it_of_nobody_of_who_pays_or_decides_or_of_everybody(asked, who):
    shop = make_shop()
    policy.change(shop, by=None, reason="安全", second_factor=asked)
    people = {role: make_user(role, shop) for role in ROLES}
    above = make_user(is_platform_admin=True)

    assert sorted(role for role, person in people.items() if services.is_required(person)) == who
    assert services.is_required(above) is (asked != "nobody")


def test_who_has_to_have_it_is_led_to_set_it_up_before_any_page(clock):
    shop = make_shop()
    finance, agent = (make_user(role, shop, password=PASSWORD) for role in ("finance", "agent"))
    policy.change(shop, by=None, reason="安全", second_factor="money")
    client = signed_in(finance)

    sent = client.get("/refunds/")
    page = client.get(sent["Location"]).content.decode()
    client.post(reverse("second_factor_begin"))
    client.post(reverse("second_factor_confirm"), {"code": code_of(finance)})

    assert sent["Location"] == "/accounts/second-step/?next=%2Frefunds%2F"
    assert "Your shop asks you for it" in page
    assert (client.get("/refunds/").status_code, signed_in(agent).get("/refunds/").status_code) == (200, 200)


def test_the_owner_resets_a_lost_phone_and_sessions_that_showed_it_end_their_second_step(clock):
    shop = make_shop()
    owner, finance = (make_user(role, shop, password=PASSWORD) for role in ("owner", "finance"))
    enrol(finance, clock)
    inside = signed_in(finance)
    inside.post(ASK, {"code": code_of(finance)})
    member = finance.memberships.get()
    boss = signed_in(owner)
    page = boss.get(reverse("staff_member", args=[shop.pk, member.pk])).content.decode()

    answer = boss.post(reverse("staff_second_factor", args=[shop.pk, member.pk]), follow=True)

    assert "Reset the two-step sign-in" in page
    assert f"{finance} signs in without a code now." in answer.content.decode()
    assert (SecondFactor.objects.count(), signed_in(finance).get("/refunds/").status_code) == (0, 200)
    finance.refresh_from_db()
    clock.shift(timedelta(minutes=1))
    enrol(finance, clock)
    assert inside.get("/refunds/")["Location"].startswith(ASK)
    assert refusal(lambda: staff.reset_second_factor(owner.memberships.get(), by=finance)) == "RIGHT"
    assert refusal(lambda: staff.reset_second_factor(owner.memberships.get(), by=owner)) == "SELF"


def test_whoever_runs_the_server_lets_an_owner_in_again(clock, owner, settings):
    settings.AXES_ENABLED = True
    enrol(owner, clock)
    for _try in range(8):
        signed_in(owner, "wrong")
    shut = signed_in(owner).get("/settings/")["Location"]
    out = StringIO()

    call_command("let_in", owner.username, stdout=out)

    assert shut.startswith("/accounts/login/")
    assert "/accounts/invitation/" in out.getvalue()
    assert signed_in(owner).get("/settings/").status_code == 200
    with pytest.raises(CommandError, match="nobody-here"):
        call_command("let_in", "nobody-here")
