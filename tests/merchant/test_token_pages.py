"""The page of a shop's API tokens, and the reference page that every member may read."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from merchant.api.enums import ApiScope
from merchant.api.models import ApiToken
from merchant.api.reference import document, reference
from merchant.clock import now
from tests.cs_workbench.conftest import sign_in
from tests.merchant.api_client import Program, make_api_token
from tests.merchant.factories import make_shop, make_user

__all__ = ["sign_in"]
pytestmark = pytest.mark.django_db


def url(shop):
    return reverse("api_tokens", args=[shop.pk])


def test_the_secret_stands_on_the_page_once_with_a_button_that_copies_it(sign_in):
    shop = make_shop()
    client = sign_in(make_user("agent", shop))

    answer = client.post(url(shop), {"name": "ERP", "scopes": ["cases:read", "cases:write"], "days": "30"})

    [secret] = set(re.findall(r"hc_[\w-]{43}", answer.content.decode()))
    token = ApiToken.objects.get()
    assert f'data-copy="{secret}"' in answer.content.decode()
    assert (token.name, token.scopes) == ("ERP", ["cases:read", "cases:write"])
    assert timedelta(days=30) - timedelta(minutes=1) < token.expires_at - now() <= timedelta(days=30)
    assert Program(secret).get("/api/v1/cases/").json() == {"results": [], "next": None}
    assert "no-store" in answer["Cache-Control"]
    again = client.get(url(shop)).content.decode()
    assert (secret in again, token.prefix in again) == (False, True)


def test_a_form_that_is_not_right_makes_nothing_and_says_why(sign_in):
    shop = make_shop()
    client = sign_in(make_user("agent", shop))

    nothing = client.post(url(shop), {"name": "ERP", "days": ""})
    beyond = client.post(url(shop), {"name": "ERP", "scopes": ["statements:write"], "days": ""})

    assert (nothing.status_code, beyond.status_code, ApiToken.objects.count()) == (422, 422, 0)
    assert nothing.context["form"].errors == {"scopes": ["This field is required."]}
    offered = [value for value, _label in nothing.context["form"].fields["scopes"].choices]
    assert [scope for scope in ApiScope if scope not in offered] == [
        ApiScope.CUSTOMERS_WRITE,
        ApiScope.STOCK_WRITE,
        ApiScope.STATEMENTS_WRITE,
    ]


def test_a_name_used_twice_is_told_beside_the_field(sign_in):
    shop = make_shop()
    client = sign_in(make_user("agent", shop))
    form = {"name": "ERP", "scopes": ["cases:read"], "days": ""}
    client.post(url(shop), form)

    answer = client.post(url(shop), form)

    assert answer.context["form"].errors == {"name": ["You have a token of this name in this shop."]}
    assert ApiToken.objects.count() == 1


def test_one_sees_one_s_own_tokens_and_the_owner_all(sign_in):
    shop = make_shop()
    agent, owner = make_user("agent", shop), make_user("owner", shop)
    mine, theirs = make_api_token(agent, shop)[0], make_api_token(owner, shop)[0]
    make_api_token(make_user("owner", make_shop()), make_shop())

    def shown(user):
        return {row["token"].pk for row in sign_in(user).get(url(shop)).context["rows"]}

    assert shown(agent) == {mine.pk}
    assert shown(owner) == {mine.pk, theirs.pk}


def test_a_revoked_token_stays_in_the_list_and_opens_nothing(sign_in):
    shop = make_shop()
    agent = make_user("agent", shop)
    token, secret = make_api_token(agent, shop)
    client = sign_in(agent)

    client.post(reverse("api_token_revoke", args=[shop.pk, token.pk]))

    [row] = client.get(url(shop)).context["rows"]
    assert (row["token"].revoked_by, row["revoke"].is_allowed, row["revoke"].code) == (agent, False, "REVOKED")
    assert Program(secret).get("/api/v1/cases/").status_code == 401


def test_a_colleague_s_token_is_not_revoked(sign_in):
    shop = make_shop()
    token, secret = make_api_token(make_user("agent", shop), shop)

    sign_in(make_user("supervisor", shop)).post(reverse("api_token_revoke", args=[shop.pk, token.pk]))

    assert Program(secret).get("/api/v1/cases/").status_code == 200


def test_a_token_is_made_only_with_the_form_s_own_mark():
    shop = make_shop()
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("agent", shop), backend="django.contrib.auth.backends.ModelBackend")

    answer = client.post(url(shop), {"name": "ERP", "scopes": ["cases:read"]})

    assert (answer.status_code, ApiToken.objects.count()) == (403, 0)


def test_the_settings_and_the_help_lead_to_them(sign_in):
    shop = make_shop()
    page = sign_in(make_user("agent", shop)).get(reverse("settings")).content.decode()

    assert f'href="{url(shop)}"' in page
    assert f'href="{reverse("api_reference")}"' in page


def test_the_reference_page_shows_every_operation_and_every_shape_it_links_to(sign_in):
    page = sign_in(make_user("agent", make_shop())).get(reverse("api_reference")).content.decode()

    names = [one.name for area in reference().areas for one in area.operations]
    assert len(names) == len(set(names)) == document().count("operationId:") > 90
    assert [name for name in names if f'id="{name}"' not in page] == []
    linked, there = set(re.findall(r'href="#([^"]+)"', page)), set(re.findall(r'id="([^"]+)"', page))
    assert linked - there == set()
    assert "/<wbr>api/<wbr>v1/<wbr>cases/<wbr>{shop}/<wbr>{number}/<wbr>agree/<wbr>" in re.sub(r">\s+", ">", page)


def test_the_reference_names_members_kinds_and_choices():
    [refuse] = [one for area in reference().areas for one in area.operations if one.name == "case_refuse"]

    assert (refuse.method, refuse.path, refuse.scope, refuse.status, refuse.answer) == (
        "POST",
        "/api/v1/cases/{shop}/{number}/refuse/",
        "cases:write",
        "200",
        "Case",
    )
    assert [(one.name, one.kind, one.is_required) for one in refuse.body] == [
        ("version", "integer", True),
        ("reason", "string", True),
        ("evidence", "string", False),
        ("photos", "array of string (binary)", False),
    ]
    assert refuse.body[1].choices[0] == ("signed", "The buyer has signed for the parcel")
