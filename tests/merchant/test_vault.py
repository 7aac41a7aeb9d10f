"""The vault: what is sealed, what can be found, and the one door back (docs/rules.md, personal data)."""

import base64
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from merchant.encryption import crypto
from merchant.inbox import services as inbox
from merchant.policy import services as policy
from merchant.refusals import Refused
from merchant.shops.models import CourierAccount
from merchant.vault import rotation, searching, services
from merchant.vault.models import PiiQuotaDay, PiiReveal, PiiSearch, Recipient
from merchant.vault.quota import quota_of
from tests.merchant.factories import make_courier_account, make_shop, make_user

pytestmark = pytest.mark.django_db
OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def make_recipient(shop, **more):
    given = {"name": "王小明", "phone": "13800001234", "address": "浙江省杭州市余杭区仓前街道文一西路969号", **more}
    return services.store(shop, **given)


def look(user, recipient, field="phone", *, order="O1", is_free=False, is_closed_14d=False):
    return services.reveal(
        user,
        recipient,
        order_number=order,
        field=field,
        is_free=is_free,
        is_closed_14d=is_closed_14d,
        reason="买家来电",
    ).plain


def left_of(shop):
    """(used, allowed) today."""
    today = quota_of(shop)
    return today.used, today.allowed


def refused_look(*args, **kwargs):
    with pytest.raises(Refused) as refused:
        look(*args, **kwargs)
    return refused.value.code


def audit(shop):
    return list(
        PiiReveal.objects.filter(shop=shop).order_by("pk").values_list("order_number", "field", "cost", "verdict")
    )


# --- sealing ----------------------------------------------------------------------------------------------------------
def test_bytes_come_back_only_with_the_words_they_were_bound_to():
    sealed = crypto.encrypt("王小明".encode(), aad=b"row-1.name")

    assert crypto.decrypt(sealed, aad=b"row-1.name").decode() == "王小明"
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(sealed, aad=b"row-2.name")


def test_the_same_words_are_never_sealed_the_same_way():
    assert len({crypto.encrypt(b"x", aad=b"a") for _ in range(50)}) == 50


@pytest.mark.parametrize("broken", [b"", b"dev", b"dev\0", b"dev\0short", b"nobody\0" + b"x" * 40])
def test_bytes_that_are_not_ours_do_not_open(broken):
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(broken, aad=b"a")


def test_a_changed_byte_does_not_open():
    sealed = bytearray(crypto.encrypt(b"13800001234", aad=b"a"))
    sealed[-1] ^= 1

    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(bytes(sealed), aad=b"a")


@pytest.mark.parametrize(
    "keys", [[], ["k:"], ["k:bm90IDMyIGJ5dGVz"], [":" + base64.b64encode(b"x" * 32).decode()], ["k:***"]]
)
def test_a_key_that_is_none_stops_everything_at_once(settings, keys):
    settings.PII_KEYS = keys

    with pytest.raises(ImproperlyConfigured, match="HUICANG_PII_KEYS"):
        crypto.encrypt(b"x", aad=b"a")


def test_nothing_plain_is_in_the_row():
    recipient = make_recipient(make_shop(), virtual_phone="17000001111-4321")

    with connection.cursor() as cursor:
        cursor.execute("SELECT merchant_recipient.*::text FROM merchant_recipient WHERE id = %s", [recipient.pk])
        stored = cursor.fetchone()[0]
    assert [word for word in ("小明", "13800001234", "文一西路", "17000001111") if word in stored] == []
    assert (recipient.name_mask, recipient.phone_mask, recipient.address_mask) == (
        "王**",
        "*******1234",
        "浙江省杭州市余杭区仓前街道******",
    )
    assert str(recipient) == "王** *******1234"


def test_what_the_platform_masked_is_kept_as_it_came_and_cannot_be_opened():
    shop = make_shop()
    recipient = make_recipient(shop, name="王**", phone="138****1234", address="浙江省杭州市******")
    agent = make_user("agent", shop)

    assert (recipient.name_enc, recipient.phone_enc, recipient.phone_bidx) == (None, None, None)
    assert refused_look(agent, recipient) == "NOT_HELD"
    assert audit(shop) == [("O1", "phone", 0, "not_held")]


def test_a_thousand_people_are_one_statement(django_assert_num_queries):
    shop = make_shop()
    people = [services.Person(name=f"买家{number}", phone=f"138{number:08d}") for number in range(1000)]

    with django_assert_num_queries(1):
        rows = services.store_many(shop, people)

    assert len({row.pk for row in rows}) == 1000
    assert (rows[7].name_mask, rows[7].phone_mask) == ("买**", "*******0007")


# --- finding ----------------------------------------------------------------------------------------------------------
def test_a_phone_is_found_by_all_digits_or_the_last_four_in_the_shops_asked_for():
    shop, other = make_shop(), make_shop()
    mine, neighbour, foreign = make_recipient(shop), make_recipient(shop, phone="13911111234"), make_recipient(other)

    assert searching.find_by_phone(make_user(), [shop.pk], "+86 138 0000 1234").recipients == [mine.pk]
    assert sorted(searching.find_by_phone(make_user(), [shop.pk], "1234").recipients) == [mine.pk, neighbour.pk]
    assert sorted(searching.find_by_phone(make_user(), [shop.pk, other.pk], "13800001234").recipients) == [
        mine.pk,
        foreign.pk,
    ]
    assert searching.find_by_phone(make_user(), [], "13800001234").recipients == []
    assert searching.find_by_phone(make_user(), [shop.pk], "13800001235").recipients == []


def test_a_virtual_number_is_found_without_its_extension():
    shop = make_shop()
    recipient = make_recipient(shop, phone="13800001234-9876")

    assert searching.find_by_phone(make_user(), [shop.pk], "13800001234").recipients == [recipient.pk]
    assert searching.find_by_phone(make_user(), [shop.pk], "9876").recipients == []


def test_two_landlines_of_one_town_are_apart():
    shop = make_shop()
    first, second = make_recipient(shop, phone="0571-88001234"), make_recipient(shop, phone="0571-88005678")

    assert searching.find_by_phone(make_user(), [shop.pk], "0571 88001234").recipients == [first.pk]
    assert searching.find_by_phone(make_user(), [shop.pk], "5678").recipients == [second.pk]


def searches(shop):
    rows = PiiSearch.objects.filter(shop=shop).order_by("pk")
    return [(row.user.username, row.kind, row.mask, row.found, row.is_refused) for row in rows]


def test_every_search_for_a_person_is_on_record_and_a_day_has_so_many():
    shop, agent = make_shop(), make_user("agent")
    policy.change(shop, by=None, reason="少查", phone_searches_per_day=2)
    mine = make_recipient(shop)

    assert searching.find_by_phone(agent, [shop.pk], "13900001234").recipients == []
    assert searching.find_by_phone(agent, [shop.pk], "1234").recipients == [mine.pk]
    refused = searching.find_by_phone(agent, [shop.pk], "138 0000 1234")
    again = searching.find_by_phone(agent, [shop.pk], "1234")
    by_name = searching.find_by_name(agent, [shop.pk], "王小明")

    assert refused.recipients == by_name.recipients == []
    assert "2" in refused.refusal
    assert again == searching.People([mine.pk])  # the same again on one day costs nothing
    assert searches(shop) == [
        (agent.username, "phone", "*******1234", 0, False),
        (agent.username, "phone4", "1234", 1, False),
        (agent.username, "phone", "*******1234", 0, True),
    ]
    assert searching.find_by_phone(make_user(), [shop.pk], "13800001234").recipients == [mine.pk]


def test_a_name_that_finds_nobody_is_no_search_for_a_person():
    shop, agent = make_shop(), make_user("agent")
    make_recipient(shop)

    assert searching.find_by_name(agent, [shop.pk], "连衣裙").recipients == []
    assert len(searching.find_by_name(agent, [shop.pk], "王小明").recipients) == 1

    assert searches(shop) == [(agent.username, "name", "王**", 1, False)]


def test_a_shop_whose_searches_are_used_up_leaves_the_other_shops_searchable():
    tight, open_shop, owner = make_shop(), make_shop(), make_user()
    policy.change(tight, by=None, reason="少查", phone_searches_per_day=1)
    searching.find_by_phone(owner, [tight.pk], "0000")
    make_recipient(tight)
    there = make_recipient(open_shop)

    found = searching.find_by_phone(owner, [tight.pk, open_shop.pk], "13800001234")

    assert (found.recipients, bool(found.refusal)) == ([there.pk], True)


def test_a_name_is_found_whole():
    shop = make_shop()
    recipient = make_recipient(shop)

    assert searching.find_by_name(make_user(), [shop.pk], " 王小明 ").recipients == [recipient.pk]
    assert searching.find_by_name(make_user(), [shop.pk], "王小").recipients == []


def test_indexes_of_different_kinds_and_keys_do_not_meet(settings):
    phone = crypto.blind_index("phone", "1234")
    assert (len(phone), phone == crypto.blind_index("phone4", "1234")) == (16, False)

    settings.PII_INDEX_KEY = "another"
    assert crypto.blind_index("phone", "1234") != phone


# --- the door ---------------------------------------------------------------------------------------------------------
def test_a_look_shows_the_plain_value_costs_one_and_is_on_record():
    shop = make_shop()
    agent = make_user("agent", shop)

    with time_machine.travel(NOON, tick=False):
        assert look(agent, make_recipient(shop)) == "13800001234"
        assert left_of(shop) == (1, 100)

    row = PiiReveal.objects.get(shop=shop)
    assert (row.user, row.reason) == (agent, "买家来电")
    assert audit(shop) == [("O1", "phone", 1, "shown")]


@pytest.mark.parametrize(
    ("field", "plain"),
    [
        ("name", "王小明"),
        ("phone", "13800001234"),
        ("address", "浙江省杭州市余杭区仓前街道文一西路969号"),
        ("virtual_phone", "17000001111-4321"),
    ],
)
def test_each_field_is_opened_by_itself(field, plain):
    shop = make_shop()

    assert look(make_user("agent", shop), make_recipient(shop, virtual_phone="17000001111-4321"), field) == plain


def test_a_field_that_does_not_exist_is_refused_without_a_trace():
    shop = make_shop()

    assert refused_look(make_user("agent", shop), make_recipient(shop), "token") == "FIELD"
    assert audit(shop) == []


def test_s12_the_quota_runs_out_more_is_granted_and_the_same_order_costs_nothing():
    shop = make_shop()
    agent, recipient = make_user("agent", shop), make_recipient(shop)
    policy.change(shop, by=None, reason="S12", pii_quota_per_day=2)

    with time_machine.travel(NOON, tick=False):
        look(agent, recipient, order="O1")
        look(agent, recipient, order="O2")
        third = refused_look(agent, recipient, order="O3")
        used_up = left_of(shop)
        PiiQuotaDay.objects.filter(shop=shop, day=date(2026, 11, 23)).update(extra=50)
        look(agent, recipient, order="O3")
        look(agent, recipient, "address", order="O3")
        look(agent, recipient, order="O4", is_free=True)
        closed = refused_look(agent, recipient, order="O5", is_closed_14d=True)

        assert (third, used_up, closed, left_of(shop)) == ("QUOTA_EMPTY", (2, 2), "CLOSED_14D", (3, 52))
    assert audit(shop) == [
        ("O1", "phone", 1, "shown"),
        ("O2", "phone", 1, "shown"),
        ("O3", "phone", 0, "quota_empty"),
        ("O3", "phone", 1, "shown"),
        ("O3", "address", 0, "shown"),
        ("O4", "phone", 0, "shown"),
        ("O5", "phone", 0, "closed_14d"),
    ]


def test_a_refused_look_does_not_make_the_order_free_next_time():
    shop = make_shop()
    agent, recipient = make_user("agent", shop), make_recipient(shop)
    policy.change(shop, by=None, reason="无", pii_quota_per_day=0)

    assert [refused_look(agent, recipient), refused_look(agent, recipient)] == ["QUOTA_EMPTY", "QUOTA_EMPTY"]


def test_the_strict_way_counts_every_look():
    shop = make_shop()
    agent, recipient = make_user("agent", shop), make_recipient(shop)
    policy.change(shop, by=None, reason="严格", pii_count="view")

    look(agent, recipient)
    look(agent, recipient)
    look(agent, recipient, "address")

    assert left_of(shop) == (3, 100)


def test_an_order_past_its_fourteen_days_stays_shut_even_while_a_case_is_open():
    shop = make_shop()

    assert (
        refused_look(make_user("agent", shop), make_recipient(shop), is_free=True, is_closed_14d=True) == "CLOSED_14D"
    )


def test_the_quota_begins_anew_at_midnight_in_shanghai():
    shop = make_shop()
    agent, recipient = make_user("agent", shop), make_recipient(shop)
    policy.change(shop, by=None, reason="一", pii_quota_per_day=1)

    with time_machine.travel(datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC), tick=False):
        look(agent, recipient, order="O1")
        before = refused_look(agent, recipient, order="O2")
    with time_machine.travel(datetime(2026, 11, 23, 16, 0, 0, tzinfo=UTC), tick=False):
        after = look(agent, recipient, order="O2")

    assert (before, after) == ("QUOTA_EMPTY", "13800001234")


def test_a_quota_that_the_owner_raises_counts_at_once():
    shop = make_shop()
    agent, recipient = make_user("agent", shop), make_recipient(shop)
    policy.change(shop, by=None, reason="一", pii_quota_per_day=1)
    with time_machine.travel(NOON, tick=False):
        look(agent, recipient, order="O1")

        policy.change(shop, by=make_user("owner", shop), reason="大促", pii_quota_per_day=5)

        assert left_of(shop) == (1, 5)
        assert look(agent, recipient, order="O2") == "13800001234"
        assert left_of(shop) == (2, 5)


@pytest.mark.parametrize("role", ["warehouse", "finance", "platform_admin"])
def test_a_role_without_the_right_sees_nothing_and_the_attempt_is_on_record(role):
    shop = make_shop()

    assert refused_look(make_user(role, shop), make_recipient(shop)) == "RIGHT"
    assert audit(shop) == [("O1", "phone", 0, "right")]


def test_an_agent_of_another_shop_sees_nothing():
    shop = make_shop()

    assert refused_look(make_user("agent", make_shop()), make_recipient(shop), is_free=True) == "RIGHT"


# --- keys -------------------------------------------------------------------------------------------------------------
def test_a_new_key_encrypts_and_the_old_one_still_opens(settings):
    settings.PII_KEYS = [OLD]
    shop = make_shop()
    before = make_recipient(shop)

    settings.PII_KEYS = [NEW, OLD]
    after = make_recipient(shop)

    agent = make_user("agent", shop)
    assert (before.key_id, after.key_id) == ("old", "new")
    assert (look(agent, before), look(agent, after)) == ("13800001234", "13800001234")


def test_a_key_that_is_gone_opens_nothing_and_says_so(settings):
    settings.PII_KEYS = [OLD]
    shop = make_shop()
    recipient = make_recipient(shop)
    settings.PII_KEYS = [NEW]

    with pytest.raises(crypto.CannotDecrypt, match="no key"):
        look(make_user("agent", shop), recipient)


def test_rotating_seals_everything_anew_so_that_the_old_key_may_go(settings, capsys):
    settings.PII_KEYS = [OLD]
    shop = make_shop()
    recipients = [
        make_recipient(shop, phone=f"1380000{number:04d}", virtual_phone="17000001111") for number in range(7)
    ]
    account = make_courier_account(shop, secrets={"app_secret": "s"})
    message = inbox.receive("courier:zto", shop=shop, account_id=account.pk, headers={}, body=b"raw", verdict="forged")
    index = bytes(Recipient.objects.get(pk=recipients[3].pk).phone_bidx)

    settings.PII_KEYS = [NEW, OLD]
    call_command("rotate_keys", "--batch", "3")
    settings.PII_KEYS = [NEW]

    row = Recipient.objects.get(pk=recipients[3].pk)
    message.refresh_from_db()
    assert look(make_user("agent", shop), row) == "13800000003"
    assert (
        row.key_id,
        bytes(row.phone_bidx),
        CourierAccount.objects.get(pk=account.pk).secrets,
        bytes(message.body),
    ) == (
        "new",
        index,
        {"app_secret": "s"},
        b"raw",
    )
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "merchant_recipient: 7"
    assert "merchant_courieraccount.secrets: 1" in said
    assert said[-1] == "Everything is sealed with 'new'; older keys may go."


def test_rotating_again_finds_nothing_left():
    make_recipient(make_shop())

    assert rotation.rotate_recipients() == 0
    assert [rotation.rotate_column(model, field) for model, field in rotation.sealed_columns()] == [0] * len(
        rotation.sealed_columns()
    )
