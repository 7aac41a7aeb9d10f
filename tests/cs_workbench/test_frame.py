import re

import pytest
from django.test import Client
from django.urls import reverse

from merchant.people.rights import ROLES
from merchant.ui import navigation
from tests.markup import one_line
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db
EVERYBODY = ["desk", "orders", "interceptions"]
REVIEWER = ["desk", "orders", "review_list", "interceptions"]


@pytest.mark.parametrize(
    ("role", "rooms"),
    [
        ("agent", [*EVERYBODY, "board", "claims", "quota", "rules"]),
        ("supervisor", [*REVIEWER, "board", "team", "claims", "quota", "import_list", "ops", "rules"]),
        ("warehouse", [*EVERYBODY, "warehouse", "stock", "claims", "rules"]),
        ("finance", [*EVERYBODY, "stock", "claims", "refunds", "statements", "ops", "rules"]),
        (
            "owner",
            [
                *REVIEWER,
                "board",
                "team",
                "stock",
                "claims",
                "refunds",
                "statements",
                "quota",
                "import_list",
                "ops",
                "rules",
                "settings",
            ],
        ),
    ],
)
def test_each_role_has_its_own_rail(role, rooms):
    rows = navigation.entries({str(right) for right in ROLES[role].rights}, "/desk/")

    assert [row["entry"].name for row in rows] == rooms
    assert [row["entry"].name for row in rows if row["is_here"]] == ["desk"]


@pytest.mark.parametrize("name", ["desk", "orders", "interceptions", "refunds", "ops", "messages", "rules"])
def test_no_page_opens_without_signing_in(name):
    answer = Client().get(reverse(name))

    assert (answer.status_code, answer.url) == (302, f"{reverse('login')}?next={reverse(name)}")


def test_the_content_policy_allows_our_own_files_only(sign_in):
    page = sign_in(make_user("agent", make_shop())).get(reverse("desk"))

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy and "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page.content.decode())


def test_somebody_without_a_shop_is_told_what_to_do(sign_in):
    text = sign_in(make_user()).get(reverse("desk")).content.decode()

    assert "You belong to no shop yet" in text


def test_an_empty_desk_says_what_comes_next(sign_in):
    shop = make_shop()
    make_platform_account(shop)
    make_courier_account(shop)
    text = sign_in(make_user("agent", shop)).get(reverse("desk")).content.decode()

    assert "Nothing is waiting for you" in text and "No case is open" in text


def test_the_chosen_theme_is_in_the_markup_and_nonsense_is_not(sign_in):
    client = sign_in(make_user("agent", make_shop()))

    client.cookies["hc_theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in one_line(client.get(reverse("rules")).content.decode())
    client.cookies["hc_theme"] = '"><script>'
    assert "data-theme" not in client.get(reverse("rules")).content.decode().split(">", 2)[1]


def test_a_missing_page_says_so_in_words(sign_in):
    client = sign_in(make_user("agent", make_shop()))

    answer = client.get("/orders/1/none/")

    assert answer.status_code == 404
    assert "No such document, or it is not yours to see" in answer.content.decode()
