import json
from types import SimpleNamespace

import pytest
from django.test import Client

from merchant.inbox.models import InboxMessage, InboxTask
from merchant.platforms import messages as hints
from merchant.platforms import views
from merchant.platforms.base import Hint
from merchant.platforms.kuaishou import messages
from merchant.platforms.kuaishou.signing import encrypt_message
from merchant.platforms.sandbox import accounts
from tests.merchant.factories import make_platform_account, make_shop

pytestmark = pytest.mark.django_db
HOUSE = accounts.HOUSE


@pytest.fixture
def account():
    return make_platform_account(make_shop(), app_key=HOUSE.app_key, secrets=HOUSE.secrets())


@pytest.fixture
def read(monkeypatch):
    """The hints a reader of after-sales has had; put an exception into `.fails` to make it fail."""

    class Read(list):
        fails = None

    found = Read()

    def reader(account, hint):
        if found.fails:
            raise found.fails
        if hint != Hint():
            found.append((account.pk, hint))

    monkeypatch.setattr(hints, "_readers", {"test": reader})
    return found


def plain(**fields):
    """A message as the platform writes it."""
    info = {"orderId": 7, "refundId": 9, "handlingWay": 10, "specialRefundType": 0, "status": 10, "createTime": 1}
    return {
        "eventId": "267_2345_147402",
        "bizId": 9,
        "userId": int(HOUSE.seller_id),
        "openId": HOUSE.open_id,
        "appKey": HOUSE.app_key,
        "event": "kwaishop_aftersales_addRefund",
        "info": json.dumps(info),
        "status": 2,
        "createTime": 1763870400000,
        "test": False,
        **fields,
    }


def push(account, body, *, token=None, key=HOUSE.message_key):
    """What the platform's server does. A dict is sealed with `key`, bytes go as they are."""
    if isinstance(body, dict):
        body = encrypt_message(key, json.dumps(body, ensure_ascii=False)).encode()
    return Client().post(
        f"/push/platform/{token or account.push_token}/", body, content_type="text/plain;charset=utf-8"
    )


def on_record():
    return list(InboxMessage.objects.order_by("pk").values_list("verdict", flat=True))


def test_a_push_is_stored_acknowledged_and_then_read(account, read, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = push(account, plain())
        before = list(read)

    assert (answer.status_code, answer.json(), before) == (200, {"result": 1}, [])
    assert read == [(account.pk, Hint(case_numbers=("9",), row_status=10))]
    message = InboxMessage.objects.get()
    assert (message.source, message.shop_id, message.account_id, message.verdict, message.event_key) == (
        "platform:kuaishou",
        account.shop_id,
        account.pk,
        "verified",
        "267_2345_147402",
    )
    assert InboxTask.objects.count() == 0


def test_the_same_event_again_is_on_record_and_makes_no_second_task(account, read, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        push(account, plain())

    with django_capture_on_commit_callbacks(execute=True):
        again = push(account, plain())

    assert (again.json(), on_record(), len(read), InboxTask.objects.count()) == (
        {"result": 1},
        ["verified", "replayed"],
        1,
        0,
    )


def test_a_repetition_pulls_work_that_is_still_due_forward(account, read, django_capture_on_commit_callbacks):
    read.fails = ConnectionError("the platform is away")
    with django_capture_on_commit_callbacks(execute=True):
        push(account, plain())
    waiting = InboxTask.objects.get()
    read.fails = None

    with django_capture_on_commit_callbacks(execute=True):
        push(account, plain())

    assert (waiting.error, on_record(), len(read), InboxTask.objects.count()) == (
        "ConnectionError: the platform is away",
        ["verified", "replayed"],
        1,
        0,
    )


def test_a_repetition_leaves_what_is_parked_to_people(account, read, django_capture_on_commit_callbacks):
    push(account, plain())
    InboxTask.objects.update(is_parked=True)

    with django_capture_on_commit_callbacks(execute=True):
        push(account, plain())

    assert (on_record(), list(read), InboxTask.objects.get().is_parked) == (["verified", "replayed"], [], True)


def test_another_shops_message_with_the_same_event_id_is_not_a_repetition(account):
    other = make_platform_account(make_shop(), app_key=accounts.OTHER.app_key, secrets=accounts.OTHER_KUAISHOU_SECRETS)
    push(account, plain())
    body = plain(appKey=accounts.OTHER.app_key, userId=int(accounts.OTHER.seller_id))

    push(other, body, key=accounts.OTHER.message_key)

    assert on_record() == ["verified", "verified"]


@pytest.mark.parametrize(
    "body",
    [{"test": True}, plain(test=True), b'{"test":true}', b' {"test": true} '],
    ids=["bare", "full", "plain", "spaced"],
)
def test_a_heartbeat_is_acknowledged_and_not_kept(account, body):
    answer = push(account, body)

    assert (answer.status_code, answer.json(), on_record()) == (200, {"result": 1}, [])


SEALED = encrypt_message(HOUSE.message_key, json.dumps(plain()))


UNWELCOME = {
    "nothing at all": (b"", "forged", 400),
    "plain JSON": (json.dumps(plain()).encode(), "forged", 400),
    "another account's key": (
        encrypt_message(accounts.OTHER.message_key, json.dumps(plain())).encode(),
        "forged",
        400,
    ),
    "a cut seal": (SEALED[:-8].encode(), "forged", 400),
    "no JSON inside": (encrypt_message(HOUSE.message_key, "not json").encode(), "malformed", 400),
    "a list inside": (encrypt_message(HOUSE.message_key, "[1]").encode(), "malformed", 400),
    "no JSON in info": (plain(info="not json"), "malformed", 400),
    "no event id": (plain(eventId=""), "malformed", 400),
    "no event": (plain(event=None), "malformed", 400),
    "another app": (plain(appKey="somebody-else"), "foreign", 400),
    "another seller of the same app": (plain(userId=int(accounts.OTHER.seller_id)), "foreign", 400),
    "a stranger's open id": (plain(userId=0, openId="stranger"), "foreign", 400),
    "no seller at all": (plain(userId=0, openId=""), "foreign", 400),
    "another app's heartbeat": (plain(test=True, appKey="somebody-else"), "foreign", 400),
    "a byte too many": (b"A" * (256 * 1024 + 1), "oversized", 413),
}


@pytest.mark.parametrize(("body", "verdict", "status"), UNWELCOME.values(), ids=UNWELCOME)
def test_an_unwelcome_push_is_on_record_and_changes_nothing(
    account, read, django_capture_on_commit_callbacks, body, verdict, status
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        answer = push(account, body)

    assert (answer.status_code, answer.json(), on_record()) == (status, {"result": 0}, [verdict])
    assert (list(read), InboxTask.objects.count(), callbacks) == ([], 0, [])


def test_a_wrong_seal_and_a_wrong_content_get_the_same_answer(account):
    forged = push(account, SEALED[:-8].encode())
    malformed = push(account, encrypt_message(HOUSE.message_key, "not json").encode())

    assert (forged.status_code, forged.content) == (malformed.status_code, malformed.content)


def test_a_seller_known_only_by_open_id_is_ours(account):
    assert push(account, plain(userId=0)).json() == {"result": 1}


def test_a_shop_without_a_seller_id_in_its_secrets_is_known_by_its_number_on_the_platform(db):
    shop = make_shop(external_id=HOUSE.seller_id)
    secrets = {name: value for name, value in HOUSE.secrets().items() if name != "seller_id"}
    account = make_platform_account(shop, app_key=HOUSE.app_key, secrets=secrets)

    assert push(account, plain()).json() == {"result": 1}
    assert push(account, plain(eventId="2", userId=1)).json() == {"result": 0}


@pytest.mark.parametrize("fields", [{"token": "guess"}, {"is_active": False}, {"platform": "own"}])
def test_no_door_opens_without_its_own_token(account, fields):
    token = fields.pop("token", None)
    type(account).objects.filter(pk=account.pk).update(**fields)

    assert (push(account, plain(), token=token).status_code, on_record()) == (404, [])


def test_the_door_only_takes_posts(account):
    assert Client().get(f"/push/platform/{account.push_token}/").status_code == 405


def test_the_door_needs_no_csrf_token_and_no_login(account):
    answer = Client(enforce_csrf_checks=True).post(
        f"/push/platform/{account.push_token}/", SEALED.encode(), content_type="text/plain"
    )

    assert answer.status_code == 200


def test_a_flood_of_forged_pushes_stops_filling_the_record(account, monkeypatch):
    monkeypatch.setattr(views, "UNWELCOME_LIMIT", 3)
    monkeypatch.setattr(views.time, "time", lambda: 1_800_000_000.0)

    answers = [push(account, b"forged").status_code for _ in range(6)]

    assert (answers, on_record()) == ([400, 400, 400, 429, 429, 429], ["forged", "forged", "forged", "throttled"])
    assert push(account, plain()).json() == {"result": 1}


def test_a_counter_that_is_away_does_not_close_the_door(account, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }

    assert (push(account, b"forged").status_code, push(account, plain()).json()) == (400, {"result": 1})


def test_an_event_nobody_asked_for_is_done_when_it_is_stored(account, read, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        push(account, plain(event="kwaishop_item_addItem", info="{}"))

    assert (on_record(), list(read), InboxTask.objects.count()) == (["verified"], [], 0)


def test_every_reader_of_an_event_gets_it_and_registering_twice_changes_nothing(monkeypatch):
    monkeypatch.setattr(hints, "_readers", {})
    first, second = [], []
    readers = {
        "first": lambda account, hint: first.append(hint.order_numbers),
        "second": lambda account, hint: second.append(hint.order_numbers),
    }
    for name in ("first", "second", "first"):
        hints.on_hint(name, readers[name])

    account = make_platform_account(make_shop(), app_key=HOUSE.app_key, secrets=HOUSE.secrets())
    body = encrypt_message(HOUSE.message_key, json.dumps(plain(event=messages.ADD_ORDER, info='{"oid":5}')))
    hints.read(SimpleNamespace(account_id=account.pk, body=body.encode()))

    assert (first, second) == ([("5",)], [("5",)])


def test_an_orders_message_names_the_order_and_no_refund():
    message = messages.read_message(json.dumps(plain(event=messages.ADD_ORDER, info='{"oid":5,"sellerId":1}')))

    assert (message.oid, message.refund_id, message.seller_id) == ("5", "", HOUSE.seller_id)
