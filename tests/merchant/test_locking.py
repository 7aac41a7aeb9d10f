import threading

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.db.utils import OperationalError

from merchant.locking import lock, lock_all
from merchant.shops.models import Shop
from tests.merchant.factories import make_shop


def in_another_connection(work):
    """Runs `work` in a thread with a connection of its own and returns what it raised, or None."""
    caught = []

    def run():
        try:
            work()
        except Exception as error:
            caught.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return caught[0] if caught else None


def take_without_waiting(pk):
    with transaction.atomic():
        Shop.objects.select_for_update(nowait=True, no_key=True).get(pk=pk)


@pytest.mark.django_db
def test_a_lock_gives_a_fresh_copy():
    shop = make_shop(name="旧名")
    Shop.objects.filter(pk=shop.pk).update(name="新名")

    with transaction.atomic():
        fresh = lock(shop)

    assert (fresh.name, shop.name, fresh is shop) == ("新名", "旧名", False)


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_a_transaction_is_an_error():
    shop = make_shop()

    with pytest.raises(TransactionManagementError):
        lock(shop)


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_held_until_the_commit_and_its_neighbour_is_free():
    shop, neighbour = make_shop(), make_shop()

    with transaction.atomic():
        lock(shop)
        held = in_another_connection(lambda: take_without_waiting(shop.pk))
        free = in_another_connection(lambda: take_without_waiting(neighbour.pk))
    afterwards = in_another_connection(lambda: take_without_waiting(shop.pk))

    assert (type(held), free, afterwards) == (OperationalError, None, None)


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_can_still_be_pointed_at():
    """A foreign key to a locked row must not wait: the lock is FOR NO KEY UPDATE."""
    shop = make_shop(is_signed=False)

    def add_a_row():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        make_team(shop)

    with transaction.atomic():
        lock(shop)
        waited = in_another_connection(add_a_row)

    assert waited is None


def make_team(shop):
    from merchant.people.models import Team

    return Team.objects.create(shop=shop, name="早班")


@pytest.mark.django_db
def test_several_rows_are_locked_by_ascending_id():
    first, second, third = make_shop(), make_shop(), make_shop()

    with transaction.atomic():
        locked = lock_all(Shop.objects.filter(pk__in=[third.pk, first.pk, second.pk]).order_by("-pk"))

    assert [shop.pk for shop in locked] == [first.pk, second.pk, third.pk]
