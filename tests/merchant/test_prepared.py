"""A prepared queryset gives what the queryset itself gives, however often it is asked and with whatever values."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, Value
from django.test.utils import CaptureQueriesContext

from merchant.clock import now
from merchant.people.models import Membership
from merchant.people.visibility import scope_of
from merchant.prepared import first_of, rows_of
from merchant.shops.models import CourierAccount, Shop
from tests.merchant.factories import make_courier_account, make_shop, make_user

pytestmark = pytest.mark.django_db


def accounts(shop_id, courier):
    rows = CourierAccount.objects.filter(shop_id=shop_id, courier=courier, is_active=True)
    return rows.select_related("shop").annotate(name_of_shop=F("shop__name"), one=Value(1)).order_by("pk")


def shown(rows):
    return [
        (row.pk, row.courier, row.secrets, row.created_at, row.shop.name, row.name_of_shop, row.one) for row in rows
    ]


def test_the_rows_are_those_of_the_queryset_with_the_values_of_each_call():
    first, second = make_shop(), make_shop()
    for shop in (first, second):
        make_courier_account(shop, "zto", secrets={"app_key": shop.name})
        make_courier_account(shop, "yto", secrets={"app_key": "别的"})

    for _again in range(2):
        for shop in (first, second):
            for courier in ("zto", "yto", "nobody"):
                told = {"shop_id": shop.pk, "courier": courier}
                assert shown(rows_of("accounts", accounts, **told)) == shown(accounts(**told))


def test_a_related_row_is_there_without_another_statement_and_none_stays_none():
    shop = make_shop()
    make_courier_account(shop, "zto")

    with CaptureQueriesContext(connection) as ran:
        [row] = rows_of("accounts", accounts, shop_id=shop.pk, courier="zto")
        name = row.shop.name

    assert (name, len(ran)) == (shop.name, 1)


def test_a_row_that_was_prepared_is_saved_like_any_other():
    shop = make_shop()
    make_courier_account(shop, "zto")
    [row] = rows_of("accounts", accounts, shop_id=shop.pk, courier="zto")
    row.is_active = False
    row.save(update_fields=["is_active"])

    assert rows_of("accounts", accounts, shop_id=shop.pk, courier="zto") == []


def test_first_is_one_row_or_none():
    shop = make_shop()

    def build(pk):
        return Shop.objects.filter(pk=pk)[:1]

    assert first_of("a shop", build, pk=shop.pk) == shop
    assert first_of("a shop", build, pk=shop.pk + 1) is None


def test_instants_are_values_too():
    shop = make_shop()
    account = make_courier_account(shop, "zto")

    def build(since):
        return CourierAccount.objects.filter(created_at__gt=since).order_by("pk")

    assert account in rows_of("since", build, since=now() - timedelta(hours=1))
    assert account not in rows_of("since", build, since=now() + timedelta(hours=1))


def test_what_a_person_sees_is_part_of_the_key():
    shop = make_shop()
    user = make_user("agent", shop)
    before = scope_of(user)
    Membership.objects.filter(user=user).update(is_active=False)
    again = type(user).objects.get(pk=user.pk)

    assert before != scope_of(again)


@pytest.mark.parametrize("value", [None, True, 1.5, [1]])
def test_what_would_change_the_statement_is_no_value(value):
    with pytest.raises(TypeError):
        rows_of(f"bad {value}", lambda pk: Shop.objects.filter(pk=pk), pk=value)


def test_a_value_that_is_not_in_the_statement_is_a_fault():
    with pytest.raises(TypeError, match="not in the statement's values: pk"):
        rows_of("unused", lambda pk: Shop.objects.all(), pk=1)


def test_who_sees_no_shop_is_given_nothing_and_asks_nothing():
    def build(pk):
        return Shop.objects.filter(pk__in=[]).filter(pk=pk)

    with CaptureQueriesContext(connection) as ran:
        found = rows_of("none", build, pk=1)

    assert (found, len(ran)) == ([], 0)
