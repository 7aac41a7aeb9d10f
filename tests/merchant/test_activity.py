import pytest
from django.db import transaction

from merchant.trail import activity
from merchant.trail.models import Activity
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def test_a_line_says_who_what_from_to_and_why():
    shop = make_shop(is_signed=False)
    agent = make_user("agent", shop)

    line = activity.record(
        shop,
        "shop.suspend",
        by=agent,
        from_state="normal",
        to_state="suspended",
        reason="盘点",
        shop=shop,
        until="11-30",
    )

    line.refresh_from_db()
    assert (line.shop, line.subject_kind, line.subject_id, line.verb, line.by) == (
        shop,
        "shop",
        shop.pk,
        "shop.suspend",
        agent,
    )
    assert (line.from_state, line.to_state, line.reason, line.detail) == (
        "normal",
        "suspended",
        "盘点",
        {"until": "11-30"},
    )
    assert line.at is not None


def test_the_system_is_nobody():
    assert activity.record(make_shop(is_signed=False), "shop.tick", by=None).by is None


def test_the_shop_is_taken_from_the_row_when_not_named():
    shop = make_shop()
    agreement = shop.agreements.get()

    assert activity.record(agreement, "agreement.look", by=None).shop == shop


def test_what_is_about_a_row_comes_newest_first_and_nothing_else_comes():
    shop, other = make_shop(is_signed=False), make_shop(is_signed=False)
    for verb in ("shop.one", "shop.two", "shop.three"):
        activity.record(shop, verb, by=None)
    activity.record(other, "shop.other", by=None)

    assert [line.verb for line in Activity.objects.about(shop)] == ["shop.three", "shop.two", "shop.one"]
    assert {line.verb for line in Activity.objects.about(shop, other)} == {
        "shop.one",
        "shop.two",
        "shop.three",
        "shop.other",
    }
    assert list(Activity.objects.about()) == []


def test_a_line_goes_back_together_with_the_move_it_tells_of():
    shop = make_shop(is_signed=False)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        activity.record(shop, "shop.suspend", by=None)
        1 / 0  # noqa: B018

    assert list(Activity.objects.about(shop)) == []


def test_many_lines_are_one_statement(django_assert_num_queries):
    shop = make_shop(is_signed=False)
    rows = [
        Activity(shop=shop, subject_kind="order", subject_id=number, verb="order.ship", by=None, to_state="shipped")
        for number in range(1, 501)
    ]

    with django_assert_num_queries(1):
        activity.record_many(rows)

    assert Activity.objects.filter(shop=shop, subject_kind="order").count() == 500


def lines():
    return list(Activity.objects.order_by("pk").values_list("verb", flat=True))


def test_lines_kept_together_are_written_at_the_end_in_their_order(django_assert_num_queries):
    shop = make_shop(is_signed=False)
    Activity.objects.all().delete()

    with transaction.atomic(), activity.together():
        with django_assert_num_queries(0):
            activity.record(shop, "shop.a", by=None, shop=shop)
            with activity.together():
                activity.record(shop, "shop.b", by=None, shop=shop)
            activity.record(shop, "shop.c", by=None, shop=shop)
        before = lines()

    assert (before, lines()) == ([], ["shop.a", "shop.b", "shop.c"])


def test_a_savepoint_that_is_rolled_back_takes_its_lines_with_it():
    shop = make_shop(is_signed=False)
    Activity.objects.all().delete()

    with transaction.atomic(), activity.together():
        activity.record(shop, "shop.a", by=None, shop=shop)
        with pytest.raises(ValueError, match="no"), transaction.atomic():
            activity.record(shop, "shop.undone", by=None, shop=shop)
            raise ValueError("no")
        activity.record(shop, "shop.c", by=None, shop=shop)

    assert lines() == ["shop.a", "shop.c"]


def test_work_that_fails_leaves_no_line_and_lines_are_at_once_again():
    shop = make_shop(is_signed=False)
    Activity.objects.all().delete()

    with pytest.raises(ValueError, match="no"), transaction.atomic(), activity.together():
        activity.record(shop, "shop.undone", by=None, shop=shop)
        raise ValueError("no")
    activity.record(shop, "shop.c", by=None, shop=shop)

    assert lines() == ["shop.c"]


@pytest.mark.django_db(transaction=True)
def test_lines_are_kept_together_inside_a_transaction_only():
    with pytest.raises(transaction.TransactionManagementError), activity.together():
        pass
