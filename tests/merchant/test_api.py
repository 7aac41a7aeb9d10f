"""The API's ground: tokens, scopes, problems, cursors, idempotency keys, the throttle. The verbs themselves are proven
in their rooms; here they stand for all others."""

from datetime import timedelta

import pytest
from django.urls import reverse

from merchant.api import idempotency, services
from merchant.api.enums import ApiScope
from merchant.api.models import ApiToken, IdempotentAnswer
from merchant.clock import now
from merchant.inbox.housekeeping import purge_raw
from merchant.people.models import Membership
from merchant.refusals import Refused
from merchant.trail.models import Activity
from orders.record.models import Order
from orders.remarks.models import Note
from tests.merchant.api_client import Program, make_api_token, program
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import MORNING, make_order

pytestmark = pytest.mark.django_db
S = ApiScope
LISTS = "/api/v1/orders/"


@pytest.fixture
def shop():
    return make_shop()


@pytest.fixture
def owner(shop):
    return make_user("owner", shop)


def note_url(order):
    return f"/api/v1/orders/{order.shop_id}/{order.number}/note/"


def code_of(answer):
    return answer.status_code, answer.json()["code"]


# --- tokens -----------------------------------------------------------------------------------------------------------
def test_a_token_s_secret_is_told_once_and_kept_as_a_digest(shop, owner):
    token, secret = services.make_token(shop.pk, name=" 仓库脚本 ", scopes=[S.STOCK_READ, S.ORDERS_READ], by=owner)

    token.refresh_from_db()
    assert (token.name, token.scopes) == ("仓库脚本", ["orders:read", "stock:read"])
    assert len(secret) == 46
    assert secret.startswith(token.prefix)
    assert len(token.prefix) == 11
    assert secret not in repr(ApiToken.objects.filter(pk=token.pk).values().get())
    assert Program(secret).get("/api/v1/token/").json() == {
        "name": "仓库脚本",
        "prefix": token.prefix,
        "shop": shop.pk,
        "user": {"id": owner.pk, "username": owner.username, "name": str(owner)},
        "scopes": ["orders:read", "stock:read"],
        "created_at": token.created_at.astimezone(MORNING.tzinfo).isoformat(),
        "expires_at": None,
        "last_used_at": None,
    }
    assert Activity.objects.get(verb="api_token.make").detail == {
        "name": "仓库脚本",
        "prefix": token.prefix,
        "scopes": ["orders:read", "stock:read"],
    }


@pytest.mark.parametrize(
    ("role", "scopes", "code"),
    [
        ("agent", [S.CASES_WRITE, S.ORDERS_READ], ""),
        ("agent", [S.STATEMENTS_WRITE], "SCOPE"),
        ("agent", ["all"], "SCOPE"),
        ("agent", [], "SCOPE"),
        ("warehouse", [S.RETURNS_WRITE, S.STOCK_WRITE, S.CLAIMS_WRITE], ""),
        ("warehouse", [S.REFUNDS_WRITE], "SCOPE"),
        ("finance", [S.REFUNDS_WRITE, S.STATEMENTS_WRITE], ""),
    ],
)
def test_a_person_makes_a_token_for_what_their_role_includes(shop, role, scopes, code):
    person, refused = make_user(role, shop), ""

    try:
        services.make_token(shop.pk, name="x", scopes=scopes, by=person)
    except Refused as refusal:
        refused = refusal.code

    assert (refused, ApiToken.objects.count()) == (code, 0 if code else 1)


def test_nobody_makes_a_token_for_a_shop_they_do_not_see(shop):
    stranger = make_user("owner", make_shop())

    with pytest.raises(Refused) as refused:
        services.make_token(shop.pk, name="x", scopes=[S.ORDERS_READ], by=stranger)

    assert refused.value.code == "RIGHT"


def test_a_usable_token_s_name_is_its_person_s_only_one(shop, owner):
    token, _secret = services.make_token(shop.pk, name="erp", scopes=[S.ORDERS_READ], by=owner)

    with pytest.raises(Refused) as refused:
        services.make_token(shop.pk, name="erp", scopes=[S.ORDERS_READ], by=owner)
    assert refused.value.code == "TWICE"
    services.revoke_token(token, by=owner)
    services.make_token(shop.pk, name="erp", scopes=[S.ORDERS_READ], by=owner)


def test_the_owner_revokes_anybody_s_token_and_others_their_own(shop, owner):
    agent, colleague = make_user("agent", shop), make_user("agent", shop)
    mine, theirs = make_api_token(agent, shop)[0], make_api_token(agent, shop)[0]

    with pytest.raises(Refused) as refused:
        services.revoke_token(mine, by=colleague)
    assert refused.value.code == "RIGHT"
    services.revoke_token(mine, by=agent)
    services.revoke_token(theirs, by=owner)
    with pytest.raises(Refused) as refused:
        services.revoke_token(mine, by=agent)

    assert refused.value.code == "REVOKED"
    assert list(ApiToken.objects.values_list("revoked_by", flat=True).order_by("pk")) == [agent.pk, owner.pk]


@pytest.mark.parametrize("why", ["revoked", "expired", "left", "inactive", "unknown", "basic", "none"])
def test_without_a_usable_token_there_is_nothing(shop, owner, why):
    token, secret = make_api_token(owner, shop)
    if why == "revoked":
        services.revoke_token(token, by=owner)
    elif why == "expired":
        ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))
    elif why == "left":
        Membership.objects.update(is_active=False)
    elif why == "inactive":
        owner.is_active = False
        owner.save()
    client = Program("hc_" + "x" * 43 if why == "unknown" else secret)
    if why in ("basic", "none"):
        client.defaults["HTTP_AUTHORIZATION"] = {"basic": "Basic eDp5", "none": ""}[why]

    answer = client.get(LISTS)

    assert code_of(answer) == (401, "TOKEN")
    assert (answer["WWW-Authenticate"], answer["Content-Type"]) == ("Bearer", "application/problem+json")


def test_a_browser_s_session_opens_no_address_of_the_api(shop, owner, client):
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")

    assert code_of(client.get(LISTS)) == (401, "TOKEN")


def test_the_last_use_is_written_once_a_minute(shop, owner, django_assert_num_queries):
    token, secret = make_api_token(owner, shop, last_used_at=None)
    client = Program(secret)

    client.get("/api/v1/shops/", REMOTE_ADDR="10.0.0.7")
    token.refresh_from_db()
    first = token.last_used_at
    client.get("/api/v1/shops/", REMOTE_ADDR="10.0.0.8")
    token.refresh_from_db()

    assert now() - first < timedelta(seconds=5)
    assert (token.last_used_at, token.last_used_ip) == (first, "10.0.0.7")
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get("/api/v1/shops/", REMOTE_ADDR="10.0.0.9")
    token.refresh_from_db()
    assert (token.last_used_at > first, token.last_used_ip) == (True, "10.0.0.9")


# --- scopes and sight -------------------------------------------------------------------------------------------------
def test_a_token_does_what_its_scopes_say(shop, owner):
    order = make_order(shop)
    client = program(owner, shop, S.ORDERS_READ)

    assert client.get(LISTS).status_code == 200
    answer = client.tell(note_url(order), {"text": "电话已打"})
    assert answer.json() == {
        "type": "http://127.0.0.1:8000/api/v1/#problem-scope",
        "title": "Not what the token was made for",
        "status": 403,
        "detail": "This token was not made for orders:write.",
        "code": "SCOPE",
    }
    assert code_of(client.get("/api/v1/cases/")) == (403, "SCOPE")
    assert not Note.objects.exists()


def test_a_scope_gives_no_right_that_the_role_does_not(shop):
    order, finance = make_order(shop), make_user("finance", shop)

    answer = program(finance, shop).tell(note_url(order), {"text": "电话已打"})

    assert answer.json() == {
        "type": "http://127.0.0.1:8000/api/v1/#problem-right",
        "title": "Not in your role",
        "status": 403,
        "detail": "Your role does not include this: remark and flag. Ask: Customer-service agent.",
        "code": "RIGHT",
        "extra": {"right": "remark_order"},
    }
    assert not Note.objects.exists()


def test_a_token_opens_one_shop_though_its_person_works_in_two(shop, owner):
    other = make_shop()
    Membership.objects.create(user=owner, shop=other, role=Membership.objects.get(user=owner).role)
    mine, theirs = make_order(shop), make_order(other)
    client = program(owner, shop)

    assert [row["number"] for row in client.get(LISTS).json()["results"]] == [mine.number]
    assert [row["id"] for row in client.get("/api/v1/shops/").json()["results"]] == [shop.pk]
    assert code_of(client.get(f"/api/v1/orders/{other.pk}/{theirs.number}/")) == (404, "NOT_FOUND")
    assert code_of(client.get(f"/api/v1/shops/{other.pk}/")) == (404, "NOT_FOUND")
    assert code_of(client.tell(note_url(theirs), {"text": "x"})) == (404, "NOT_FOUND")


def test_a_customer_kept_by_a_colleague_is_not_there(shop):
    order = make_order(shop)
    agent, colleague = make_user("agent", shop), make_user("agent", shop)
    order.buyer.account_owner = colleague
    order.buyer.save()
    url = f"/api/v1/orders/{shop.pk}/{order.number}/"

    assert program(agent, shop).get(LISTS).json() == {"results": [], "next": None}
    assert code_of(program(agent, shop).get(url)) == (404, "NOT_FOUND")
    assert program(colleague, shop).get(url).json()["recipient_phone"] == "*******1234"


# --- problems ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "This field may not be blank."),
        ("zh-CN,zh;q=0.9", "该字段不能为空。"),
        ("fr, en;q=0.5", "This field may not be blank."),
        ("", "该字段不能为空。"),
    ],
)
def test_a_wrong_request_is_told_member_by_member_in_the_reader_s_language(shop, owner, language, detail):
    answer = program(owner, shop, language=language).tell(note_url(make_order(shop)), {"text": "", "flag": 9})

    told = answer.json()
    assert (answer.status_code, told["code"], told["field"], told["detail"]) == (400, "INVALID", "text", detail)
    assert [(one["field"], one["code"]) for one in told["errors"]] == [("text", "blank"), ("flag", "invalid_choice")]
    assert answer["Content-Type"] == "application/problem+json"


def test_a_refusal_carries_the_rule_s_code_its_sentence_and_what_explains_it(shop, owner):
    order = make_order(shop)

    answer = program(owner, shop).tell(
        "/api/v1/claims/", {"waybill": "no-such", "cause": "lost", "basis": "other", "loss_fen": 1}
    )

    assert (answer.status_code, answer.json()) == (
        409,
        {
            "type": "http://127.0.0.1:8000/api/v1/#problem-refused",
            "title": "The shop's rules refuse this now",
            "status": 409,
            "detail": "There is no parcel of this shop with that tracking number.",
            "code": "WAYBILL",
            "field": "waybill",
        },
    )
    assert order.number


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("unknown address", (404, "NOT_FOUND")),
        ("no JSON", (400, "UNREADABLE")),
        ("a form", (415, "CONTENT_TYPE")),
        ("a page wanted", (406, "ACCEPT")),
        ("another method", (405, "METHOD")),
        ("a list", (400, "INVALID")),
    ],
)
def test_what_is_no_request_is_a_problem_too(shop, owner, how, code):
    client, url = program(owner, shop), note_url(make_order(shop))
    answer = {
        "unknown address": lambda: client.get("/api/v1/no/such/"),
        "no JSON": lambda: client.post(url, "{", content_type="application/json"),
        "a form": lambda: client.post(url, {"text": "x"}),
        "a page wanted": lambda: client.get(LISTS, headers={"Accept": "text/html"}),
        "another method": lambda: client.delete(url),
        "a list": lambda: client.tell(url, [1]),
    }[how]()

    assert code_of(answer) == code
    assert answer["Content-Type"] == "application/problem+json"


def test_answers_are_kept_by_nobody_in_between(shop, owner):
    assert program(owner, shop).get(LISTS)["Cache-Control"] == "no-store"


# --- lists ------------------------------------------------------------------------------------------------------------
def test_pages_follow_each_other_without_gap_or_repetition(shop, owner):
    numbers = [make_order(shop, placed_at=MORNING + timedelta(hours=hour)).number for hour in (0, 0, 0, 1, 2)][::-1]
    client, url, seen = program(owner, shop), f"{LISTS}?limit=2", []

    while url:
        page = client.get(url).json()
        seen.append([row["number"] for row in page["results"]])
        if len(seen) == 1:
            # What comes in meanwhile stands before the first page and shifts nothing.
            make_order(shop, placed_at=MORNING + timedelta(hours=9))
        url = page["next"]

    assert seen == [numbers[:2], numbers[2:4], numbers[4:]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=99999999999999999999-1", "cursor"),
        ("state=gone", "state"),
        ("placed_after=yesterday", "placed_after"),
    ],
)
def test_a_list_says_which_parameter_it_does_not_take(shop, owner, query, field):
    answer = program(owner, shop).get(f"{LISTS}?{query}")

    assert (*code_of(answer), answer.json()["field"]) == (400, "INVALID", field)


def test_orders_are_found_by_state_number_and_day(shop, owner):
    sent = make_order(shop, placed_at=MORNING)
    waiting = make_order(shop, state="to_fulfil", placed_at=MORNING + timedelta(days=1))
    client = program(owner, shop)

    def found(query):
        return [row["number"] for row in client.get(f"{LISTS}?{query}").json()["results"]]

    assert found("state=shipped") == [sent.number]
    assert found("state=shipped&state=to_fulfil") == [waiting.number, sent.number]
    assert found(f"number={waiting.number}") == [waiting.number]
    assert found("placed_after=2026-11-17T00:00:00%2B08:00") == [waiting.number]
    assert found("placed_before=2026-11-17T00:00:00%2B08:00") == [sent.number]


def test_a_list_of_orders_takes_the_same_statements_for_one_row_and_three(shop, owner, django_assert_num_queries):
    client = program(owner, shop)
    make_order(shop)
    client.get(LISTS)

    # Token, membership, orders, lines, listings.
    with django_assert_num_queries(5):
        client.get(LISTS)
    make_order(shop)
    make_order(shop)
    with django_assert_num_queries(5):
        client.get(LISTS)


# --- idempotency keys -------------------------------------------------------------------------------------------------
def test_a_verb_sent_twice_under_one_key_acts_once(shop, owner):
    order, client = make_order(shop), program(owner, shop)

    first = client.tell(note_url(order), {"text": "电话已打", "flag": 2}, **{"Idempotency-Key": "k-1"})
    # The same members in another order are the same request.
    again = client.tell(note_url(order), {"flag": 2, "text": "电话已打"}, **{"Idempotency-Key": "k-1"})

    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert (again["Content-Type"], again["Cache-Control"]) == ("application/json", "no-store")
    assert Note.objects.count() == 1


def test_a_refusal_under_a_key_is_given_again(shop, owner):
    client = program(owner, shop)
    sent = {"waybill": "no-such", "cause": "lost", "basis": "other", "loss_fen": 1}

    first = client.tell("/api/v1/claims/", sent, **{"Idempotency-Key": "k-1"})
    again = client.tell("/api/v1/claims/", sent, **{"Idempotency-Key": "k-1"})

    assert (first.status_code, again.status_code, again.json()) == (409, 409, first.json())
    assert (again["Content-Type"], again["Idempotency-Replayed"]) == ("application/problem+json", "true")


def test_a_key_stands_for_one_request(shop, owner):
    order, client = make_order(shop), program(owner, shop)
    client.tell(note_url(order), {"text": "一"}, **{"Idempotency-Key": "k-1"})

    other = client.tell(note_url(order), {"text": "二"}, **{"Idempotency-Key": "k-1"})
    elsewhere = client.tell(note_url(make_order(shop)), {"text": "一"}, **{"Idempotency-Key": "k-1"})
    by_another_token = program(owner, shop).tell(note_url(order), {"text": "二"}, **{"Idempotency-Key": "k-1"})

    assert code_of(other) == code_of(elsewhere) == (422, "KEY_REUSED")
    assert by_another_token.status_code == 200
    assert sorted(Note.objects.values_list("text", flat=True)) == ["一", "二"]


@pytest.mark.parametrize(("age", "code"), [(timedelta(0), "KEY_BUSY"), (timedelta(minutes=6), "KEY_LOST")])
def test_a_key_whose_first_request_has_not_ended_acts_no_second_time(shop, owner, age, code):
    order, (token, secret) = make_order(shop), make_api_token(owner, shop)
    client = Program(secret)
    client.tell(note_url(order), {"text": "一"}, **{"Idempotency-Key": "k-1"})
    IdempotentAnswer.objects.update(status=0, body="", at=now() - age)

    answer = client.tell(note_url(order), {"text": "一"}, **{"Idempotency-Key": "k-1"})

    assert code_of(answer) == (409, code)
    assert Note.objects.count() == 1
    assert IdempotentAnswer.objects.get().token == token


def test_what_was_wrong_in_itself_frees_its_key(shop, owner):
    order, client, key = make_order(shop), program(owner, shop), {"Idempotency-Key": "k-1"}

    wrong = client.tell(note_url(order), {"text": ""}, **key)
    right = client.tell(note_url(order), {"text": "电话已打"}, **key)

    assert (wrong.status_code, right.status_code, Note.objects.count()) == (400, 200, 1)


def test_a_fault_of_ours_frees_its_key(shop, owner, monkeypatch):
    order, client, key = make_order(shop), program(owner, shop), {"Idempotency-Key": "k-1"}
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("orders.remarks.services.check_note", lambda *_: 1 / 0)
        fault = client.tell(note_url(order), {"text": "电话已打"}, **key)

    right = client.tell(note_url(order), {"text": "电话已打"}, **key)

    assert (fault.status_code, right.status_code, Note.objects.count()) == (500, 200, 1)


@pytest.mark.parametrize("key", ["", "x" * 65, "钥匙", "two\tparts"])
def test_what_is_no_key_is_refused_before_anything_happens(shop, owner, key):
    order = make_order(shop)

    answer = program(owner, shop).tell(note_url(order), {"text": "一"}, **{"Idempotency-Key": key})

    assert code_of(answer) == (422, "KEY")
    assert not Note.objects.exists()


def test_answers_are_forgotten_after_a_day(shop, owner):
    order, client = make_order(shop), program(owner, shop)
    for key in ("old", "new"):
        client.tell(note_url(order), {"text": key}, **{"Idempotency-Key": key})
    IdempotentAnswer.objects.filter(key="old").update(at=now() - idempotency.KEPT - timedelta(seconds=1))

    again = client.tell(note_url(order), {"text": "another"}, **{"Idempotency-Key": "old"})
    IdempotentAnswer.objects.filter(key="old").update(at=now() - idempotency.KEPT - timedelta(seconds=1))

    assert again.status_code == 200
    assert purge_raw() == 1
    assert [row.key for row in IdempotentAnswer.objects.all()] == ["new"]


# --- throttle ---------------------------------------------------------------------------------------------------------
def test_a_token_is_asked_to_come_again_after_so_many_requests(shop, owner, settings):
    settings.API_PER_MINUTE = 2
    client, other = program(owner, shop), program(owner, shop)

    seen = [client.get("/api/v1/shops/").status_code for _ in range(2)]
    answer = client.get("/api/v1/shops/")

    # A minute may turn over between two requests; then the count has begun anew.
    if answer.status_code == 200:
        seen = [client.get("/api/v1/shops/").status_code for _ in range(1)] + [200]
        answer = client.get("/api/v1/shops/")
    assert (seen, code_of(answer)) == ([200, 200], (429, "THROTTLED"))
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert other.get("/api/v1/shops/").status_code == 200


def test_without_redis_nobody_is_turned_away(shop, owner, settings, monkeypatch):
    settings.API_PER_MINUTE = 0
    monkeypatch.setattr("merchant.api.authentication.count", lambda key, seconds: 0)

    assert program(owner, shop).get("/api/v1/shops/").status_code == 200


def test_every_address_has_a_name_of_its_own():
    assert reverse("api_order_note", args=[1, "A"]) == "/api/v1/orders/1/A/note/"
    assert reverse("api_interception_give_up", args=[1, "A"]) == "/api/v1/interceptions/1/A/give-up/"
    assert Order.objects.count() == 0
