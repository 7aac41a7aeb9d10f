"""Signing in: two fields, throttled per name and address."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as conf
from django.test import Client

from merchant.people import demo
from merchant.people.models import User
from tests.markup import one_line
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PASSWORD = "blue-lantern-42"


@pytest.fixture
def throttled(settings):
    settings.AXES_ENABLED = True


@pytest.fixture
def agent():
    return make_user("agent", make_shop(), password=PASSWORD)


def sign_in(client, user, password, **extra):
    return client.post("/accounts/login/", {"username": user.username, "password": password}, **extra)


def test_a_page_sends_a_stranger_to_the_login_and_back(client, agent):
    asked = client.get("/settings/")
    signed_in = client.post(asked["Location"], {"username": agent.username, "password": PASSWORD})

    assert asked["Location"] == "/accounts/login/?next=/settings/"
    assert (signed_in.status_code, signed_in["Location"]) == (302, "/settings/")


def test_a_wrong_password_says_so_and_signs_nobody_in(client, agent):
    answer = sign_in(client, agent, "wrong")

    assert (answer.status_code, "_auth_user_id" in client.session) == (200, False)


def test_who_left_cannot_sign_in(client, agent):
    agent.is_active = False
    agent.save()

    assert sign_in(client, agent, PASSWORD).status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_eighth_wrong_password_shuts_the_door_also_for_the_right_one(throttled, client, agent):
    with time_machine.travel(NOON, tick=False):
        codes = [sign_in(client, agent, "wrong").status_code for _try in range(8)]
        right = sign_in(client, agent, PASSWORD)

    assert codes == [200] * 7 + [429]
    assert (right.status_code, "_auth_user_id" in client.session) == (429, False)


def test_the_shut_door_concerns_neither_a_colleague_nor_another_address(throttled, client, agent):
    colleague = make_user("agent", make_shop(), password=PASSWORD)
    with time_machine.travel(NOON, tick=False):
        for _try in range(8):
            sign_in(client, agent, "wrong")

        assert sign_in(client, colleague, PASSWORD).status_code == 302
        client.logout()
        assert sign_in(client, agent, PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_behind_a_proxy_the_address_it_appended_counts_and_an_invented_one_does_not(throttled, client, agent, settings):
    settings.IS_BEHIND_PROXY = True
    with time_machine.travel(NOON, tick=False):
        for number in range(8):
            sign_in(client, agent, "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 198.51.100.7")
        same = sign_in(client, agent, PASSWORD, HTTP_X_FORWARDED_FOR="10.9.9.9, 198.51.100.7").status_code
        other = sign_in(client, agent, PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.9").status_code

    assert (same, other) == (429, 302)


def test_without_a_proxy_a_forwarded_address_is_not_believed(throttled, client, agent):
    with time_machine.travel(NOON, tick=False):
        for number in range(8):
            sign_in(client, agent, "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")

        assert sign_in(client, agent, PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 429


def test_the_door_opens_again_after_a_quarter_of_an_hour(throttled, client, agent):
    with time_machine.travel(NOON, tick=False) as clock:
        for _try in range(8):
            sign_in(client, agent, "wrong")
        clock.shift(timedelta(minutes=14, seconds=59))
        still_shut = sign_in(client, agent, PASSWORD).status_code
        clock.shift(timedelta(minutes=15, seconds=2))
        open_again = sign_in(client, agent, PASSWORD).status_code

    assert (still_shut, open_again) == (429, 302)


def test_one_name_tried_from_many_addresses_is_shut_for_all(throttled, client, agent):
    with time_machine.travel(NOON, tick=False):
        codes = [sign_in(client, agent, "wrong", REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(40)]
        right = sign_in(client, agent, PASSWORD, REMOTE_ADDR="203.0.113.99").status_code

    assert (codes, right) == ([200] * 39 + [429], 429)


def test_one_address_cannot_shut_a_name_for_other_addresses_however_long_it_knocks(throttled, client, agent):
    with time_machine.travel(NOON, tick=False):
        codes = {sign_in(client, agent, "wrong").status_code for _try in range(60)}
        elsewhere = sign_in(client, agent, PASSWORD, REMOTE_ADDR="203.0.113.99").status_code

    assert (codes, elsewhere) == ({200, 429}, 302)


def test_knocking_on_does_not_keep_a_shut_door_shut(throttled, client, agent):
    with time_machine.travel(NOON, tick=False) as clock:
        for _try in range(8):
            sign_in(client, agent, "wrong")
        clock.shift(timedelta(minutes=10))
        sign_in(client, agent, "wrong")
        clock.shift(timedelta(minutes=5, seconds=2))

        assert sign_in(client, agent, PASSWORD).status_code == 302


def test_a_browser_the_person_has_used_lets_them_in_past_strangers_and_counts_its_own_wrong_tries(throttled, agent):
    mine, stranger = Client(), Client()
    sign_in(mine, agent, PASSWORD)
    mine.post("/accounts/logout/")
    with time_machine.travel(datetime.now(UTC), tick=False):
        for n in range(40):
            sign_in(stranger, agent, "wrong", REMOTE_ADDR=f"203.0.113.{n}")
        shut = sign_in(stranger, agent, PASSWORD, REMOTE_ADDR="198.51.100.1").status_code
        let_in = sign_in(mine, agent, PASSWORD).status_code
        mine.post("/accounts/logout/")
        own = [sign_in(mine, agent, "wrong").status_code for _try in range(8)]

    assert (shut, let_in, own) == (429, 302, [200] * 7 + [429])
    assert sign_in(mine, make_user("agent", make_shop(), password=PASSWORD), PASSWORD).status_code == 302


def test_one_address_trying_many_names_is_shut_for_all_of_them(throttled, client, agent):
    with time_machine.travel(NOON, tick=False):
        for number in range(80):
            client.post("/accounts/login/", {"username": f"name-{number}", "password": "spring-2026"})

        assert sign_in(client, agent, PASSWORD).status_code == 429
        assert sign_in(client, agent, PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_a_right_password_forgives_the_wrong_ones_before(throttled, client, agent):
    for _round in range(2):
        for _try in range(7):
            sign_in(client, agent, "wrong")
        assert sign_in(client, agent, PASSWORD).status_code == 302
        client.logout()


def test_the_admin_has_the_same_lock(throttled, client):
    admin = make_user(password=PASSWORD, is_staff=True, is_superuser=True)

    codes = [
        client.post("/admin/login/", {"username": admin.username, "password": "wrong"}).status_code for _try in range(8)
    ]

    assert codes == [200] * 7 + [429]


def test_the_demo_people_are_on_the_page_only_in_the_demo(client, settings):
    settings.IS_DEMO = True
    make_user("agent", make_shop())
    empty = client.get("/accounts/login/").content.decode()
    for person in demo.PEOPLE:
        User.objects.create_user(person.username)
    settings.IS_DEMO = False
    outside = client.get("/accounts/login/").content.decode()
    settings.IS_DEMO = True
    inside = client.get("/accounts/login/").content.decode()

    names = [person.username for person in demo.PEOPLE]
    assert [name for name in names if f'"{name}"' in outside or f'"{name}"' in empty] == []
    assert [name for name in names if name in inside] == names


def test_signing_out_needs_a_button_and_not_a_link(client, agent):
    client.force_login(agent)

    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_password_is_long_and_neither_common_nor_a_number(client, agent):
    client.force_login(agent)

    def change(new):
        data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        return client.post("/accounts/password/", data).status_code

    assert [change("short-1"), change("1234567890123"), change("password123")] == [200, 200, 200]
    assert change(f"{agent.username}-1") == 200
    assert change("green-lantern-43") == 302
    agent.refresh_from_db()
    assert agent.check_password("green-lantern-43")


def test_the_session_lasts_a_shift_and_its_cookie_stays_out_of_scripts():
    assert (conf.SESSION_COOKIE_AGE, conf.SESSION_COOKIE_HTTPONLY) == (12 * 3600, True)


@pytest.mark.parametrize(
    ("spoken", "shown"), [("en-US,en", "en"), ("zh-CN,zh", "zh-Hans"), ("fr", "zh-Hans"), ("", "zh-Hans")]
)
def test_the_page_speaks_the_browser_s_language_where_we_do(client, db, spoken, shown):
    make_user("agent", make_shop())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = spoken

    assert f'<html lang="{shown}"' in one_line(client.get("/accounts/login/").content.decode())


def test_the_language_somebody_chose_stands_above_the_browser_s(client, db):
    make_user("agent", make_shop())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en-US,en"

    client.post("/language/", {"language": "zh-hans", "next": "/accounts/login/"})

    assert '<html lang="zh-Hans"' in one_line(client.get("/accounts/login/").content.decode())
